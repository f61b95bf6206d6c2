/**
 * A customer of an affiliate program, as Partnero answers it. Fields that not every endpoint answers
 * are optional. Names are Partnero's own.
 * @see https://docs.partnero.com (Customers)
 */
export interface Customer {
  /** Your id of the customer. */
  readonly key?: string;
  /** Partnero's id of the partner, or in some answers perhaps the key. */
  readonly partner?: string | null;
  readonly email?: string | null;
  readonly name?: string | null;
  readonly surname?: string | null;
  /** Such as `active`; an open list. */
  readonly status?: string;
  readonly deleted?: boolean;
  readonly tags?: readonly { readonly value: string }[];
  readonly created_at?: string;
  readonly updated_at?: string;
  readonly deleted_at?: string | null;
}
