import { relativeTime } from '../common/relative-time.js';
import type { Pause, PauseReason } from '../outbox/delivery.js';
import type { HistoryEntry } from '../outbox/history.js';
import { adviceOn } from './advice.js';

/** What an outcome means, of whatever job. */
export const MEANINGS: Readonly<Record<string, string>> = {
  attributed: 'credited to the referrer',
  registered: 'created at Partnero, without a referrer',
  already_registered: 'was at Partnero already',
  unknown_partner: "Partnero doesn't know the partner",
  rejected: 'refused by Partnero',
  invalid: "not sent, since a field isn't what Partnero takes",
  discarded: 'not sent, since the sign-up failed after all or the customer was erased',
  recorded: 'at Partnero',
  duplicate: 'not sent again, since it was submitted before',
  conflict: 'not sent, since its key belongs to another one',
  not_attributed: 'nobody is paid, since nobody referred the customer',
  refunded: 'taken back; nobody is paid',
  not_found: "Partnero doesn't have it",
  erased: 'deleted at Partnero and here',
  dead: 'failed for too long; it can be requeued',
  pending: 'waits to be sent',
  no_referral: 'nobody referred the visitor',
  no_customer: 'the route returned no new customer',
  disabled: 'there is no API key, or the program is switched off',
  accept_timeout: 'not saved in time; it may still be queued',
  accept_failed: "the outbox couldn't save it",
};

const REASONS: Readonly<Record<string, string>> = {
  network: 'Partnero could not be reached',
  timeout: "Partnero didn't respond in time",
  unreadable: "the response isn't Partnero's",
  unexpected: "the response isn't Partnero's",
  failed: 'Partnero reported a failure',
  other_customer: 'another customer has this id or e-mail address',
  customer_deleted: 'the customer was deleted at Partnero',
  unknown_customer: "Partnero doesn't know the customer",
  unanswered: 'a request had no response, so we check whether Partnero carried it out',
  taken_over: 'another process took it over',
  too_late: 'the last attempt took too long',
  unverified_key: 'the API key has not been checked yet',
  unknown_job: 'this app has no handler for it',
  unreadable_payload: "its saved content can't be read",
  handler_busy: 'its handler is busy',
  at_partnero: 'Partnero had it already',
};

const EVENT_MEANINGS: Readonly<Record<string, string>> = {
  handled: 'the handler completed',
  duplicate: 'the handler got the same event before',
  discarded: 'the handler did not get the event',
  invalid: "the saved event can't be read",
};

type EventStatus = Pick<HistoryEntry, 'state' | 'outcome' | 'reason' | 'attempts'>;

const PAUSES: Readonly<Record<PauseReason, string>> = {
  rate_limited: 'Partnero asked to wait (429).',
  unreachable: 'Partnero is unreachable.',
  unverified_key: 'The API key has not been checked yet.',
  unauthorized: 'Partnero rejects the API key: check PARTNERO_API_KEY.',
  no_key: 'There is no API key: set PARTNERO_API_KEY, and restart the app.',
  wrong_program:
    'The API key belongs to another program than the queued jobs: check the key and the outbox.',
  queue_paused: 'Someone paused the queue in BullMQ: resume it there.',
};

/**
 * Why nothing is sent just now, and when that ends, in one or two sentences.
 *
 * @param now default: the current time
 * @example
 * const { paused } = await partnero.outbox.stats()
 * if (paused) console.log(explainPause(paused)) // Partnero is unreachable. The next attempt is in 8 seconds.
 */
export function explainPause({ reason, until }: Pause, now = Date.now()): string {
  if (!until) return PAUSES[reason];
  const next = until.getTime() > now ? `is ${relativeTime(until, now)}` : 'is under way';
  return `${PAUSES[reason]} The next attempt ${next}.`;
}

/**
 * The status of a job, as a sentence: why a customer was, or wasn't, credited. Plain text: escape it
 * in HTML.
 *
 * @example
 * const entries = await partnero.outbox.find({ customerKey: user.id })
 * console.log(entries.map(explain)) // [ 'Customer user-1 was credited to ann.' ]
 */
export function explain(entry: HistoryEntry): string {
  const { jobName, state, outcome, reason, attempts } = entry;
  const why = explainReason(reason);
  const subject = subjectOf(entry);
  if (subject === undefined) return explainEvent(entry);
  if (state === 'pending') {
    if (attempts > 0) return `${subject} ${attemptsInWords(attempts)}: ${why}.`;
    return `${subject} is queued${reason ? `: ${why}` : ', and not sent yet'}.`;
  }
  if (state === 'dead') {
    return `${subject} failed for too long: ${why}. It is a dead letter, and can be requeued.`;
  }
  const special = jobName === 'attribution' ? explainAttribution(entry) : undefined;
  if (special !== undefined) return special;
  const advice = adviceOn(jobName, outcome ?? '', reason)?.text;
  const what = advice === undefined ? endOf(jobName, outcome ?? '') : `failed: ${advice}`;
  return `${subject} ${what}${reason ? `: ${why}` : ''}.`;
}

const ENDS: Readonly<Record<string, string>> = {
  recorded: 'was recorded at Partnero',
  duplicate: 'was not sent again, since it was submitted before',
  not_attributed: 'pays nobody, since nobody referred the customer',
  refunded: 'was refunded, so nobody is paid',
  not_found: "changed nothing, since Partnero doesn't have it",
  erased: 'was carried out, at Partnero and here',
  discarded: 'was not sent, since the customer was erased',
};

/** How a sale, a refund or a deletion ended. */
function endOf(jobName: string, outcome: string): string {
  if (jobName === 'refund' && outcome === 'refunded') return 'was carried out: nobody is paid';
  return ENDS[outcome] ?? `is ${outcome} (${MEANINGS[outcome] ?? 'completed'})`;
}

/** The status of a webhook event at one of its handlers, as a sentence. */
export function explainEvent({ state, outcome, reason, attempts }: EventStatus): string {
  const thrown = REASONS[reason ?? ''] ?? `it threw ${reason}`;
  if (state === 'dead') return `The handler failed on it for too long: ${thrown}.`;
  if (state === 'completed') return `${outcome}: ${EVENT_MEANINGS[outcome ?? ''] ?? 'completed'}.`;
  if (attempts > 0) return `The handler ${attemptsInWords(attempts)}: ${thrown}.`;
  return 'Queued for its handler.';
}

/** A reason such as `422 email` or `network ECONNREFUSED`, in words. */
export function explainReason(reason: string | null): string {
  if (!reason) return 'no reason is known';
  const [first = '', ...rest] = reason.split(' ');
  const isStatus = /^\d{3}$/.test(first);
  const side = Number(first) >= 500 ? ', an error on its side' : '';
  const start = isStatus ? `Partnero responded ${first}${side}` : (REASONS[first] ?? first);
  const more = rest.map((word) => {
    const known = REASONS[word];
    return known === undefined ? ` (${word.replaceAll(',', ', ')})` : `, and ${known}`;
  });
  return start + more.join('');
}

/** `undefined` for the jobs of the inbox, whose names are those of handlers. */
function subjectOf({ jobName, customerKey, key }: HistoryEntry): string | undefined {
  switch (jobName) {
    case 'attribution':
      return `The sign-up of customer ${customerKey}`;
    case 'transaction':
      return `The sale ${key} of customer ${customerKey}`;
    case 'refund':
      return `The refund of the sale ${key}`;
    case 'erasure':
      return `The deletion of customer ${customerKey}`;
    default:
      return undefined;
  }
}

function explainAttribution(entry: HistoryEntry): string | undefined {
  const { customerKey, outcome, reason, detail } = entry;
  const customer = `Customer ${customerKey}`;
  const referrer = entry.referralKey ?? 'nobody';
  switch (outcome) {
    case 'attributed':
      return reason === 'invalid_email_dropped'
        ? `${customer} was credited to ${referrer}, without the e-mail address, which Partnero refused.`
        : `${customer} was credited to ${referrer}.`;
    case 'registered':
      return reason === 'unknown_referrer'
        ? `${customer} was credited to nobody: Partnero doesn't know the referrer ${referrer}.`
        : `${customer} was created at Partnero; nobody had referred them.`;
    case 'already_registered':
      return `${customer} was at Partnero already, ${alreadyUnder(detail?.['samePartner'], referrer)}.`;
    case 'unknown_partner':
      return `${customer} was credited to nobody: Partnero doesn't know the partner ${referrer}.`;
    case 'rejected':
      return `${customer} was credited to nobody: ${explainReason(reason)}.`;
    case 'invalid':
      return `${customer} was credited to nobody: these fields aren't what Partnero takes: ${reason}.`;
    case 'discarded':
      return `${customer} was credited to nobody: the sign-up failed after all, or they were erased.`;
    default:
      return undefined;
  }
}

function alreadyUnder(samePartner: unknown, referrer: string): string {
  if (samePartner === true) return `credited to ${referrer}`;
  return samePartner === false
    ? `credited to someone other than ${referrer}`
    : `and it isn't known whether they are credited to ${referrer}`;
}

function attemptsInWords(attempts: number): string {
  return `failed ${attempts === 1 ? 'once' : `${attempts} times`} and is tried again`;
}
