import { explain } from '#lib/cli/explain.js';
import type { HistoryEntry } from '#lib/outbox/history.js';

const entry = (more: Partial<HistoryEntry>): HistoryEntry => ({
  id: '1',
  program: 'default',
  jobName: 'attribution',
  customerKey: 'user-1',
  key: null,
  referralKey: 'ann',
  state: 'completed',
  outcome: null,
  reason: null,
  detail: null,
  attempts: 0,
  queuedAt: new Date(0),
  endedAt: null,
  ...more,
});

it.each<[string, Partial<HistoryEntry>, string]>([
  ['a pending job', { state: 'pending' }, 'not sent yet.'],
  [
    'a pending job whose last attempt failed',
    { state: 'pending', reason: 'network ECONNREFUSED' },
    'not sent yet (the last attempt: the connection to Partnero failed (ECONNREFUSED)).',
  ],
  [
    'a dead letter',
    { state: 'dead', outcome: 'dead', reason: '503' },
    'it failed for longer than delivery.maxAgeDays; requeue delivers it again (Partnero responded 503).',
  ],
  [
    'a customer whose fields were refused',
    { outcome: 'rejected', reason: '422 email,tags' },
    'Partnero refused the customer (Partnero responded 422, about: email, tags).',
  ],
  [
    'a customer whose id another one has',
    { outcome: 'rejected', reason: '422 key other_customer' },
    'Partnero refused the customer (Partnero responded 422, about: key; another customer has this id or e-mail address).',
  ],
  [
    'a customer of another partner',
    { outcome: 'already_registered', detail: { samePartner: false } },
    'Partnero had the customer already, under another partner, who keeps them.',
  ],
  [
    'a sale without a referred customer',
    { jobName: 'transaction', outcome: 'not_attributed', reason: 'unknown_customer' },
    'Partnero does not know the customer, so nobody is paid (Partnero has no customer with this id).',
  ],
  [
    'a refund before its sale',
    { jobName: 'refund', outcome: 'not_found' },
    'Partnero has no such sale.',
  ],
  ['an erasure', { jobName: 'erasure', outcome: 'erased' }, 'Partnero deleted the customer.'],
  ['an event', { jobName: 'Crm.sync', outcome: 'handled' }, 'the handler completed.'],
  [
    'an event whose handler threw',
    { jobName: 'Crm.sync', state: 'pending', reason: 'TypeError' },
    'not sent yet (the last attempt: TypeError).',
  ],
  ['an outcome of a later version', { outcome: 'new_outcome' }, 'new_outcome.'],
])('The command line explains %s', (_, fields, text) => {
  expect(explain(entry(fields))).toBe(text);
});
