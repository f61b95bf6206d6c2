/**
 * Where Partnero's sources disagree, or say nothing: which reading the fake takes. Test with both
 * sides of what your code relies on.
 */
export interface FakeReadings {
  /** Answer to a customer key that is taken. Documented: 422. Integrators have seen 409. */
  duplicateStatus: 409 | 422;
  /** Answer to a created customer. Documented: 201. */
  createStatus: 200 | 201 | 202 | 204;
  /** Whether errors carry a `message`, an `errors` map, or both. The documentation promises a message. */
  errorBody: 'message' | 'errors' | 'both';
  /** Whether answers carry `status: 1`. Some older ones don't. */
  statusField: boolean;
  /** What a customer's `partner` holds. Documented sample: the id; elsewhere it is called the key. */
  partnerField: 'id' | 'key';
  /** Which body *update customer* takes. Documented: wrapped in `update`. */
  updateBody: 'wrapped' | 'flat' | 'either';
  /** Whether `/customers/{x}` finds by e-mail too, as the vendor's own client says. */
  findsByEmail: boolean;
  /** Answer to an unknown partner on create. Documented: 400. */
  unknownPartnerStatus: 400 | 404 | 422;
  /** Whether customers' e-mail addresses must be unique, as older documentation says. */
  uniqueEmails: boolean;
  /** The largest `limit` of a list: 100 or 250. */
  maxLimit: 100 | 250;
  /** Whether `GET /test` tells the public id of the program. */
  tellsPublicId: boolean;
  /**
   * What a `key` given with a new webhook is: unique, taken as it is though another has it, or ignored.
   * Documented: optional, and no more.
   */
  webhookKeys: 'unique' | 'repeatable' | 'generated';
}

export const DEFAULT_READINGS: FakeReadings = {
  duplicateStatus: 422,
  createStatus: 201,
  errorBody: 'both',
  statusField: true,
  partnerField: 'id',
  updateBody: 'wrapped',
  findsByEmail: true,
  unknownPartnerStatus: 400,
  uniqueEmails: false,
  maxLimit: 250,
  tellsPublicId: true,
  webhookKeys: 'unique',
};
