/**
 * A lead that a partner has submitted, as Partnero answers it.
 * @see https://docs.partnero.com (Leads)
 */
export interface Lead {
  readonly id?: number;
  /** `submitted`, `converted`, `rejected`; an open list. */
  readonly status?: string;
  /** A day without a time: `2025-05-02`. */
  readonly created_at?: string;
  readonly lead_info?: { readonly name?: string; readonly email?: string };
  /** The customer that became of it. */
  readonly converted_to?: {
    readonly key?: string;
    readonly name?: string;
    readonly email?: string;
  } | null;
  /** The partner. */
  readonly submitter?: { readonly id?: string; readonly name?: string; readonly email?: string };
  readonly submission_form?: readonly { readonly question?: string; readonly answer?: unknown }[];
  readonly can_be_converted?: boolean;
  readonly can_be_rejected?: boolean;
}

/** How leads are set up in a program. */
export interface LeadSettings {
  /** A string in what is published, `'true'`; perhaps a boolean. */
  readonly leads_enabled?: string | boolean;
  readonly program_leads_commission_type?: string;
  readonly leads_commission?: {
    readonly currency?: string;
    /** A decimal string, without loss. */
    readonly commission?: string;
    readonly commission_type?: string;
  };
  readonly leads_custom_form_fields?: readonly LeadFormField[];
}

/** A field of the form that partners fill in. */
export interface LeadFormField {
  readonly id?: string | number;
  /** `text`, `input`, `textarea`, `checkbox`, `radio`, `select`, `countries`; an open list. */
  readonly type?: string;
  readonly title?: string;
  readonly text?: string | null;
  readonly description?: string | null;
  readonly required?: boolean;
  readonly options?: readonly unknown[];
}
