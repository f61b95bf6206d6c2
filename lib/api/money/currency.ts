// ISO 4217, what the standard calls the minor unit. Not Intl.NumberFormat: it follows the habits of
// cash (no decimals for HUF, COP, PKR), which a payment provider doesn't. Checked against
// `currency-codes` by a test. Withdrawn in 2025 and 2026 but still in old sales: ANG, BGN, CUC.
const BY_MINOR_UNITS: readonly (readonly [number, string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN ' +
      'BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP ' +
      'GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK ' +
      'LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK ' +
      'NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP ' +
      'STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ' +
      'ZAR ZMW ZWG',
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];

const MINOR_UNITS: ReadonlyMap<string, number> = new Map(
  BY_MINOR_UNITS.flatMap(([digits, codes]) =>
    codes.split(' ').map((code): [string, number] => [code, digits]),
  ),
);

/** Currencies that some payment providers count in other units than ISO 4217. */
export const COUNTED_DIFFERENTLY: ReadonlySet<string> = new Set(['ISK', 'MGA', 'UGX']);

/** How many decimals an ISO 4217 currency has; `undefined` for any other text. In upper case. */
export function minorUnitsOf(currency: string): number | undefined {
  return MINOR_UNITS.get(currency);
}

/** In upper case, if it is one of ISO 4217: the case may distinguish other units. */
export function currencyCode(currency: string): string {
  const upper = currency.toUpperCase();
  return MINOR_UNITS.has(upper) ? upper : currency;
}

/** All currencies that are known. */
export const CURRENCIES: readonly string[] = [...MINOR_UNITS.keys()];
