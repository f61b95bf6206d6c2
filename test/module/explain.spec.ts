import type { HistoryEntry, InboxEntry, Pause } from 'nestjs-partnero';
import { explain, explainPause } from 'nestjs-partnero/dashboard';
import { explainEvent } from '#lib/program/explain.js';

const NOW = Date.UTC(2026, 10, 27, 20);

const entry = (more: Partial<HistoryEntry>): HistoryEntry => ({
  id: '1',
  program: 'default',
  jobName: 'attribution',
  customerKey: 'u1',
  key: null,
  referralKey: 'ann',
  state: 'completed',
  outcome: null,
  reason: null,
  detail: null,
  attempts: 0,
  queuedAt: new Date(NOW),
  endedAt: null,
  ...more,
});

it.each<[Partial<HistoryEntry>, string]>([
  [{ outcome: 'attributed' }, 'Customer u1 was credited to ann.'],
  [
    { outcome: 'attributed', reason: 'invalid_email_dropped' },
    'Customer u1 was credited to ann, without the e-mail address, which Partnero refused.',
  ],
  [
    { outcome: 'registered', referralKey: null },
    'Customer u1 was created at Partnero; nobody had referred them.',
  ],
  [
    { outcome: 'registered', reason: 'unknown_referrer' },
    "Customer u1 was credited to nobody: Partnero doesn't know the referrer ann.",
  ],
  [
    { outcome: 'already_registered', detail: { samePartner: true } },
    'Customer u1 was at Partnero already, credited to ann.',
  ],
  [
    { outcome: 'already_registered', detail: { samePartner: false } },
    'Customer u1 was at Partnero already, credited to someone other than ann.',
  ],
  [
    { outcome: 'already_registered', detail: { samePartner: 'unknown' } },
    "Customer u1 was at Partnero already, and it isn't known whether they are credited to ann.",
  ],
  [
    { outcome: 'unknown_partner', reason: '400' },
    "Customer u1 was credited to nobody: Partnero doesn't know the partner ann.",
  ],
  [
    { outcome: 'rejected', reason: '422 email,tags other_customer' },
    'Customer u1 was credited to nobody: Partnero responded 422 (email, tags), and another customer has this id or e-mail address.',
  ],
  [
    { outcome: 'invalid', reason: 'country' },
    "Customer u1 was credited to nobody: these fields aren't what Partnero takes: country.",
  ],
  [
    { outcome: 'discarded' },
    'Customer u1 was credited to nobody: the sign-up failed after all, or they were erased.',
  ],
  [{ state: 'pending' }, 'The sign-up of customer u1 is queued, and not sent yet.'],
  [
    { state: 'pending', attempts: 1, reason: 'timeout' },
    "The sign-up of customer u1 failed once and is tried again: Partnero didn't respond in time.",
  ],
  [
    { state: 'pending', attempts: 3, reason: 'network ECONNREFUSED' },
    'The sign-up of customer u1 failed 3 times and is tried again: Partnero could not be reached (ECONNREFUSED).',
  ],
  [
    { state: 'dead', outcome: 'dead', reason: '503' },
    'The sign-up of customer u1 failed for too long: Partnero responded 503, an error on its side. It is a dead letter, and can be requeued.',
  ],
  [
    { jobName: 'transaction', key: 'inv-1', outcome: 'recorded' },
    'The sale inv-1 of customer u1 was recorded at Partnero.',
  ],
  [
    { jobName: 'transaction', key: 'inv-1', state: 'pending', reason: 'unanswered' },
    'The sale inv-1 of customer u1 is queued: a request had no response, so we check whether Partnero carried it out.',
  ],
  [
    { jobName: 'refund', key: 'inv-1', outcome: 'not_found', reason: '404' },
    "The refund of the sale inv-1 changed nothing, since Partnero doesn't have it: Partnero responded 404.",
  ],
  [
    { jobName: 'erasure', outcome: 'erased' },
    'The deletion of customer u1 was carried out, at Partnero and here.',
  ],
  [
    { jobName: 'transaction', key: 'inv-1', outcome: 'conflict' },
    'The sale inv-1 of customer u1 failed: Partnero has another amount, currency or customer under that key, so two sales share it.',
  ],
  [
    { jobName: 'refund', key: 'inv-1', outcome: 'rejected', reason: '403 odd <reason>' },
    'The refund of the sale inv-1 failed: Partnero refused to delete the sale; its commission stays: Partnero responded 403 (odd) (<reason>).',
  ],
  [
    { jobName: 'erasure', outcome: 'rejected', reason: '422' },
    'The deletion of customer u1 failed: Partnero refused to delete the customer; delete them there by hand: Partnero responded 422.',
  ],
  [
    {
      jobName: 'transaction',
      key: 'inv-1',
      outcome: 'not_attributed',
      reason: 'unknown_customer',
    },
    "The sale inv-1 of customer u1 pays nobody, since nobody referred the customer: Partnero doesn't know the customer.",
  ],
  [
    { jobName: 'refund', key: 'inv-1', outcome: 'refunded' },
    'The refund of the sale inv-1 was carried out: nobody is paid.',
  ],
  [
    { jobName: 'transaction', key: 'inv-1', outcome: 'refunded' },
    'The sale inv-1 of customer u1 was refunded, so nobody is paid.',
  ],
  [{ jobName: 'Crm.sync', outcome: 'handled' }, 'handled: the handler completed.'],
  [{ jobName: 'Crm.sync', outcome: 'invalid' }, "invalid: the saved event can't be read."],
  [
    { jobName: 'Crm.sync', state: 'pending', attempts: 1, reason: 'TypeError' },
    'The handler failed once and is tried again: it threw TypeError.',
  ],
])('explains %j', (more, sentence) => {
  expect(explain(entry(more))).toBe(sentence);
});

const inSeconds = (seconds: number) => new Date(NOW + seconds * 1_000);

it.each<[Pause, string]>([
  [
    { reason: 'unreachable', until: inSeconds(7.2) },
    'Partnero is unreachable. The next attempt is in 8 seconds.',
  ],
  [
    { reason: 'unreachable', until: inSeconds(-1) },
    'Partnero is unreachable. The next attempt is under way.',
  ],
  [
    { reason: 'rate_limited', until: inSeconds(600) },
    'Partnero asked to wait (429). The next attempt is in 10 minutes.',
  ],
  [
    { reason: 'no_key', until: null },
    'There is no API key: set PARTNERO_API_KEY, and restart the app.',
  ],
])('explains the pause %j', (pause, sentence) => {
  expect(explainPause(pause, NOW)).toBe(sentence);
});

it.each<[Partial<InboxEntry>, string]>([
  [{ outcome: 'handled' }, 'handled: the handler completed.'],
  [{ state: 'pending' }, 'Queued for its handler.'],
  [
    { state: 'pending', attempts: 2, reason: 'RangeError' },
    'The handler failed 2 times and is tried again: it threw RangeError.',
  ],
  [
    { state: 'dead', reason: 'RangeError' },
    'The handler failed on it for too long: it threw RangeError.',
  ],
])('explains the event %j', (more, sentence) => {
  const event = { handler: 'Commissions.add', eventId: 'e1', ...entry({}), ...more };
  expect(explainEvent(event)).toBe(sentence);
});
