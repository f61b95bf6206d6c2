/**
 * Where Partnero's sources disagree, or say nothing: which variant the fake implements. Test with both
 * sides of what your code relies on.
 */
export interface FakeApiVariants {
  /** Answer to a customer key that is taken. Documented: 422. Integrators have seen 409. */
  duplicateStatus: 409 | 422;
  /** Answer to what was created. Documented: 201. */
  createStatus: 200 | 201 | 202 | 204;
  /** Answer to a created transaction or link. The samples show 200. */
  transactionStatus: 200 | 201 | 202 | 204;
  /** Whether errors carry a `message`, an `errors` map, or both. The documentation promises a message. */
  errorBody: 'message' | 'errors' | 'both';
  /** Whether answers carry `status: 1`. Some older ones don't. */
  statusField: boolean;
  /** What `partner` holds in customers and transactions. Documented sample: the id; elsewhere "key". */
  partnerField: 'id' | 'key';
  /** By what a partner is named in answers about them. Documented: `id`; older answers: `key`. */
  partnerAnswers: 'id' | 'key' | 'both';
  /** Which body *update* takes, of customers and partners. Documented: wrapped in `update`. */
  updateBody: 'wrapped' | 'flat' | 'either';
  /** The same of links. Not documented. */
  linkUpdateBody: 'wrapped' | 'flat' | 'either';
  /** Where *update customer* is, in a refer-a-friend program: `/customers/{id}` or `/customers`. */
  updateCustomerAt: 'path' | 'body' | 'both';
  /** Whether `/customers/{x}` finds by e-mail too, as the vendor's own client says. */
  findsByEmail: boolean;
  /** Answer to an unknown partner on create. Documented: 400. */
  unknownPartnerStatus: 400 | 404 | 422;
  /** Whether customers' e-mail addresses must be unique, as older documentation says. */
  uniqueEmails: boolean;
  /** Whether customers of a refer-a-friend program need an e-mail, as older documentation says. */
  emailRequired: boolean;
  /** Whether partners need a password, as older documentation says. */
  passwordRequired: boolean;
  /** The longest key. Nothing official says that there is a limit; one integrator cuts at 64. */
  maxKeyLength: number | null;
  /** The largest `limit` of a list: 100 or 250. */
  maxLimit: 100 | 250;
  /** The smallest `limit` of a list. */
  minLimit: 1 | 10;
  /** How filters by partner are called: `partner.key`, as documented, or `partner_key`. */
  partnerFilter: 'dotted' | 'underscored' | 'either';
  /** How filters of transactions are called, beside `key`. None is documented. */
  transactionFilters: 'dotted' | 'underscored' | 'either' | 'ignored';
  /** Transactions with a key that is there: recorded again, refused, or answered as before. */
  transactionKeys: 'repeatable' | 'refused' | 'deduplicated';
  /** Which of several transactions of one key `/transactions/{key}` hits. `all`: when deleting. */
  doubledKey: 'first' | 'last' | 'all';
  /** How a transaction is deleted: by path, or with the key in the body. Documented: both. */
  deleteTransaction: 'path' | 'body' | 'both';
  /** Whether transactions need an `action`, as older documentation says. */
  actionRequired: boolean;
  /** What a transaction's `created_at` is. Documented: Unix seconds; the vendor's client: a text. */
  saleTime: 'unix' | 'text' | 'either';
  /** Answer to a sale to somebody unknown. `recorded`: it counts for nobody. Not documented. */
  unknownCustomer: 400 | 404 | 422 | 'recorded';
  /** A sale that creates its customer, for an unknown partner. */
  unknownPartnerOnSale: 'refused' | 'ignored';
  /** Where a sale that creates its customer names the partner. */
  newCustomerPartner: 'nested' | 'top';
  /** How fields of links are spelt. */
  linkFields: 'snake_case' | 'camelCase';
  /** What a subscriber's own id is called. */
  subscriberId: 'id' | 'identifier';
  /** How leads are converted and rejected. */
  leadMethod: 'POST' | 'GET' | 'both';
  /** Whether webhooks take the events that only the documentation's guide knows. */
  unconfirmedEvents: boolean;
  /** Where promotion codes are. */
  promotionCodesAt: 'promotion-code' | 'promotion-codes';
  /** What *get program* answers in a refer-a-friend program: groups, or totals beside `program`. */
  referAFriendProgram: 'groups' | 'totals';
  /** How `GET /test` spells the program's type: `refer_a_friend`, or as `GET /program`: `Referral`. */
  typeNames: 'snake_case' | 'capitalised';
  /** Whether `GET /test` tells the public id of the program. */
  tellsPublicId: boolean;
  /**
   * What a `key` given with a new webhook is: unique, taken as it is though another has it, or ignored.
   * Documented: optional, and no more.
   */
  webhookKeys: 'unique' | 'repeatable' | 'generated';
}

export const DEFAULT_FAKE_API_VARIANTS: FakeApiVariants = {
  duplicateStatus: 422,
  createStatus: 201,
  transactionStatus: 200,
  errorBody: 'both',
  statusField: true,
  partnerField: 'id',
  partnerAnswers: 'id',
  updateBody: 'wrapped',
  linkUpdateBody: 'flat',
  updateCustomerAt: 'both',
  findsByEmail: true,
  unknownPartnerStatus: 400,
  uniqueEmails: false,
  emailRequired: false,
  passwordRequired: false,
  maxKeyLength: null,
  maxLimit: 250,
  minLimit: 1,
  partnerFilter: 'either',
  transactionFilters: 'either',
  transactionKeys: 'repeatable',
  doubledKey: 'first',
  deleteTransaction: 'both',
  actionRequired: false,
  saleTime: 'unix',
  unknownCustomer: 422,
  unknownPartnerOnSale: 'refused',
  newCustomerPartner: 'nested',
  linkFields: 'snake_case',
  subscriberId: 'id',
  leadMethod: 'POST',
  unconfirmedEvents: false,
  promotionCodesAt: 'promotion-code',
  referAFriendProgram: 'groups',
  typeNames: 'snake_case',
  tellsPublicId: true,
  webhookKeys: 'unique',
};
