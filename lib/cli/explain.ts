import { ATTRIBUTION_ADVICE, DROPPED_EMAIL } from '../attribution/attribution.outcome.js';
import { ERASURE_REJECTED } from '../erasure/erasure.outcome.js';
import { ERASURE } from '../erasure/job-name.js';
import type { HistoryEntry } from '../outbox/history.js';
import { REFUND_REJECTED, SALE_ADVICE } from '../transactions/transaction.outcome.js';

type Sentences = Readonly<Record<string, string>>;

const ATTRIBUTION: Sentences = {
  attributed: 'Partnero created the customer under the partner',
  registered: 'Partnero created the customer without a referrer',
  discarded: 'nothing was sent: the sign-up failed, or the customer was erased',
  ...ATTRIBUTION_ADVICE,
};
const SALE: Sentences = {
  recorded: 'Partnero has the sale',
  duplicate: 'the same sale was recorded or queued before',
  not_attributed: 'Partnero does not know the customer, so nobody is paid',
  refunded: 'nothing was sent: its refund came before it',
  discarded: 'nothing was sent: the customer was erased',
  conflict: SALE_ADVICE.conflict.text,
  rejected: SALE_ADVICE.rejected.text,
};
const REFUND: Sentences = {
  refunded: 'Partnero deleted the sale, and with it the commission',
  not_found: 'Partnero has no such sale',
  duplicate: 'the same refund was submitted before',
  discarded: 'nothing was sent: the customer was erased',
  rejected: REFUND_REJECTED,
};
const ERASURES: Sentences = {
  erased: 'Partnero deleted the customer',
  not_found: 'Partnero has no such customer',
  duplicate: 'the same erasure is queued already',
  rejected: ERASURE_REJECTED,
};
const EVENT: Sentences = {
  handled: 'the handler completed',
  duplicate: 'the handler got the same event before',
  discarded: 'the handler did not get the event',
  invalid: 'the saved event cannot be read',
};

const BY_JOB: Readonly<Record<string, Sentences>> = {
  attribution: ATTRIBUTION,
  transaction: SALE,
  refund: REFUND,
  [ERASURE]: ERASURES,
};

const SAME_PARTNER: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [true, 'under the same partner'],
  [false, 'under another partner, who keeps them'],
  ['unknown', 'and does not say under which partner'],
]);

/** Words in reasons. */
const WORDS: Sentences = {
  [DROPPED_EMAIL]: ATTRIBUTION_ADVICE[DROPPED_EMAIL],
  unknown_referrer: 'Partnero does not know the referrer',
  other_customer: 'another customer has this id or e-mail address',
  customer_deleted: 'the customer is deleted at Partnero',
  unknown_customer: 'Partnero has no customer with this id',
  at_partnero: 'Partnero had it already',
  unreadable_payload: 'what was saved of it cannot be read',
  unknown_job: 'this app has no handler for it',
  handler_busy: 'its handler is busy with other events',
  unanswered: 'Partnero did not respond; we check whether it has the sale before we send it again',
  taken_over: 'another process has taken it over',
  too_late: 'this process stood still before it could send it',
  timeout: 'Partnero did not respond in time',
  network: 'the connection to Partnero failed',
  unreadable: 'the response was not JSON of Partnero: check PARTNERO_BASE_URL, or a proxy',
  failed: 'Partnero reported a failure',
};

/** What the status of a job means, in a sentence; the same words as in the log. */
export function explain(entry: HistoryEntry): string {
  const { jobName, state, outcome, reason } = entry;
  const why = reason === null ? '' : reasonText(reason);
  if (state === 'pending') return sentence('not sent yet', why && `the last attempt: ${why}`);
  if (state === 'dead') {
    return sentence(
      'it failed for longer than delivery.maxAgeDays; requeue delivers it again',
      why,
    );
  }
  if (outcome === 'already_registered') {
    const same = SAME_PARTNER.get(entry.detail?.['samePartner']) ?? SAME_PARTNER.get('unknown')!;
    return sentence(`Partnero had the customer already, ${same}`, why);
  }
  return sentence((BY_JOB[jobName] ?? EVENT)[outcome ?? ''] ?? outcome ?? '', why);
}

/** Such as `422 email,tags`, `503`, `network ECONNREFUSED`, `422 key other_customer`. */
function reasonText(reason: string): string {
  const [first = '', ...rest] = reason.split(' ');
  const words = rest.map((word) => WORDS[word]).filter((word) => word !== undefined);
  const others = rest.filter((word) => WORDS[word] === undefined).join(' ');
  if (/^\d{3}$/.test(first)) {
    const response = `Partnero responded ${first}${others ? `, about: ${others.replaceAll(',', ', ')}` : ''}`;
    return [response, ...words].join('; ');
  }
  if (WORDS[first] === undefined) return reason;
  return [`${WORDS[first]}${others ? ` (${others})` : ''}`, ...words].join('; ');
}

function sentence(text: string, why: string): string {
  return `${text}${why ? ` (${why})` : ''}.`;
}
