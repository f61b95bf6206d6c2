import { DROPPED_EMAIL } from '../attribution/attribution.outcome.js';

/** What somebody should know of an outcome. */
export interface Advice {
  readonly text: string;
  /** Somebody made a mistake that costs money. */
  readonly isError?: boolean;
}

const ADVICE: Readonly<Record<string, Readonly<Record<string, Advice>>>> = {
  attribution: {
    unknown_partner: {
      text: 'Partnero does not know the partner; the referral key is mistyped or deleted',
    },
    rejected: { text: 'Partnero refused the customer' },
    invalid: { text: 'the customer was not sent: its fields are not what Partnero takes' },
    [DROPPED_EMAIL]: { text: 'its e-mail address was not valid and was left out' },
  },
  transaction: {
    conflict: {
      text: 'Partnero has another amount, currency or customer under that key, so two sales share it',
      isError: true,
    },
    rejected: { text: 'Partnero refused the sale' },
  },
  refund: {
    rejected: { text: 'Partnero refused to delete the sale; its commission stays' },
  },
  erasure: {
    rejected: {
      text: 'Partnero refused to delete the customer; delete them there by hand',
      isError: true,
    },
  },
};

/** The same words for the log, the command line and the dashboard. */
export function adviceOn(
  jobName: string,
  outcome: string,
  reason: string | null | undefined,
): Advice | undefined {
  return ADVICE[jobName]?.[reason === DROPPED_EMAIL ? reason : outcome];
}
