import { data as iso4217 } from 'currency-codes';
import fc from 'fast-check';
import { fromMinorUnits, PartneroError, type Money } from 'nestjs-partnero';
import { CURRENCIES, minorUnitsOf } from '#lib/api/money/currency.js';
import { exactAmounts } from '#lib/api/money/exact-amounts.js';
import { canonicalMoney, moneyProblem } from '#lib/api/money/money.js';

describe('fromMinorUnits', () => {
  it.each<[number | bigint, string, string]>([
    [4900, 'USD', '49.00'],
    [500, 'JPY', '500'],
    [1234, 'KWD', '1.234'],
    [5, 'USD', '0.05'],
    [0, 'USD', '0.00'],
    [12_345, 'CLF', '1.2345'],
    [4900n, 'eur', '49.00'],
    [Number.MAX_SAFE_INTEGER - 1, 'JPY', 'refused'],
    [999_999_999_999_999, 'JPY', '999999999999999'],
  ])('%s %s is %s', (amount, currency, expected) => {
    if (expected === 'refused') {
      expect(() => fromMinorUnits(amount, currency)).toThrow('15 digits');
      return;
    }
    expect(fromMinorUnits(amount, currency)).toEqual({
      amount: expected,
      currency: currency.toUpperCase(),
    });
  });

  it.each([
    ['decimals', 49.5, 'USD'],
    ['NaN', Number.NaN, 'USD'],
    ['infinity', Infinity, 'USD'],
    ['a negative amount', -1, 'USD'],
    ['a negative bigint', -1n, 'USD'],
    ['a text', '4900', 'USD'],
    ['what a number does not hold', 2 ** 53, 'USD'],
    ['an unknown currency', 4900, 'XXQ'],
    ['no currency', 4900, undefined],
  ])('refuses %s', (_, amount, currency) => {
    const make = () => fromMinorUnits(amount as number, currency as string);
    expect(make).toThrow(PartneroError);
    expect(make).toThrow(expect.objectContaining({ kind: 'invalid_input' }));
  });

  it.each(['ISK', 'isk', 'MGA', 'UGX'])(
    'refuses %s without an exponent, since providers count it differently',
    (currency) => {
      expect(() => fromMinorUnits(500_000, currency)).toThrow(
        expect.objectContaining({
          kind: 'invalid_input',
          message: expect.stringContaining('must have an exponent') as string,
        }),
      );
    },
  );

  it('takes an exponent for what is no currency of ISO 4217, or is counted otherwise', () => {
    const points = fromMinorUnits(100, 'Points', { exponent: 0 });
    expect(points).toEqual({ amount: '100', currency: 'Points', exponent: 0 });
    expect(fromMinorUnits(500, 'UGX', { exponent: 2 }).amount).toBe('5.00');
    expect(fromMinorUnits(500, 'UGX', { exponent: 0 }).amount).toBe('500');
    for (const exponent of [-1, 0.5, 9, Number.NaN]) {
      expect(() => fromMinorUnits(1, 'USD', { exponent })).toThrow('exponent');
    }
  });
});

describe('money', () => {
  it.each<[unknown, RegExp]>([
    [49, /must be money/],
    ['49.00', /must be money/],
    [{ amount: 49, currency: 'USD' }, /as a string/],
    [{ amount: '49,00', currency: 'USD' }, /decimal amount/],
    [{ amount: '4.9e1', currency: 'USD' }, /decimal amount/],
    [{ amount: '+49.00', currency: 'USD' }, /decimal amount/],
    [{ amount: '-49.00', currency: 'USD' }, /decimal amount/],
    [{ amount: ' 49.00', currency: 'USD' }, /decimal amount/],
    [{ amount: '49.', currency: 'USD' }, /decimal amount/],
    [{ amount: '.5', currency: 'USD' }, /decimal amount/],
    [{ amount: '0x10', currency: 'USD' }, /decimal amount/],
    [{ amount: 'NaN', currency: 'USD' }, /decimal amount/],
    [{ amount: '', currency: 'USD' }, /decimal amount/],
    [{ amount: '٤٩', currency: 'USD' }, /decimal amount/],
    [{ amount: '49.000', currency: 'USD' }, /decimals/],
    [{ amount: '1.2345', currency: 'KWD' }, /decimals/],
    [{ amount: '49.00' }, /name its currency/],
    [{ amount: '49.00', currency: 'Dollars' }, /ISO 4217/],
    [{ amount: '49.00', currency: 'XXQ', exponent: '2' }, /exponent/],
    [{ amount: '99999999999999', currency: 'USD' }, /15 digits/],
  ])('%j is refused', (value, problem) => {
    expect(moneyProblem(value)).toMatch(problem);
  });

  it.each<[Money, string]>([
    [{ amount: '49', currency: 'USD' }, '49.00'],
    [{ amount: '49.5', currency: 'usd' }, '49.50'],
    [{ amount: '0049.50', currency: 'USD' }, '49.50'],
    [{ amount: '0', currency: 'USD' }, '0.00'],
    [{ amount: '0.1', currency: 'USD' }, '0.10'],
    [{ amount: '500', currency: 'JPY' }, '500'],
    [{ amount: '9999999999999.99', currency: 'USD' }, '9999999999999.99'],
  ])('%j is good, and has one form', (money, amount) => {
    expect(moneyProblem(money)).toBeNull();
    expect(canonicalMoney(money)).toMatchObject({ amount, currency: money.currency.toUpperCase() });
  });

  it('goes out as a JSON number without loss, and comes back as it was', () => {
    const currencies = fc.constantFrom('JPY', 'USD', 'KWD', 'CLF');
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 999_999_999_999_999n }), currencies, (units, code) => {
        const { amount } = fromMinorUnits(units, code);
        const body = JSON.stringify({ amount: Number(amount) });
        expect(decimal(body.slice('{"amount":'.length, -1))).toBe(decimal(amount));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** The same value in the same letters. */
function decimal(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const scaled = BigInt(whole + fraction) * 10n ** BigInt(20 + Number(exponent) - fraction.length);
  return String(scaled);
}

describe('amounts in answers', () => {
  const read = (json: string) =>
    (JSON.parse(json, exactAmounts) as { rewards: { amount: unknown }[] }).rewards[0]!.amount;

  it.each([
    ['29.997', '29.997'],
    ['29.99700', '29.99700'],
    ['0.1', '0.1'],
    ['-3.5', '-3.5'],
    ['12345678901234567890.123456789', '12345678901234567890.123456789'],
    ['1e2', '100'],
    ['2.5e-3', '0.0025'],
    ['-1.25E+1', '-12.5'],
    ['"29.997"', '29.997'],
    ['null', null],
  ])('%s is read as %j', (literal, expected) => {
    expect(read(`{"rewards":[{"amount":${literal},"id":7}]}`)).toBe(expected);
  });

  it('other numbers stay numbers', () => {
    expect(JSON.parse('{"id":7,"paid":1.5,"n":{"page":2}}', exactAmounts)).toEqual({
      id: 7,
      paid: '1.5',
      n: { page: 2 },
    });
  });
});

describe('the table of currencies', () => {
  // Without decimals in ISO 4217 since they are no money: metals, funds, tests.
  const NO_MONEY = /^X(A[GU]|B[ABCD]|DR|P[DT]|SU|TS|UA|XX)$/;
  // Later than the data of the library: XCG took the place of ANG in 2025.
  const NEWER = ['XCG'];

  it('agrees with ISO 4217', () => {
    const official = iso4217.filter(({ code }) => !NO_MONEY.test(code));
    expect(official.length).toBeGreaterThan(150);
    const ours = official.map(({ code }) => [code, minorUnitsOf(code)]);
    expect(ours).toEqual(official.map(({ code, digits }) => [code, digits]));
    const known = new Set([...official.map(({ code }) => code), ...NEWER]);
    expect(CURRENCIES.filter((code) => !known.has(code))).toEqual([]);
  });

  it('is needed: Intl follows the habits of cash', () => {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency: 'IQD' });
    expect(format.resolvedOptions().maximumFractionDigits).not.toBe(minorUnitsOf('IQD'));
  });
});
