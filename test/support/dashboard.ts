import type { CompletedResult } from '#lib/outbox/delivery-result.js';
import { eventually } from './eventually.js';
import { newJob, RunningEngine } from './running-engine.js';
import type { OutboxDefinition } from '#lib/outbox/outbox-engine.js';

const DAY = 86_400_000;
const payload = JSON.stringify({ fields: {} });

/** What most outboxes hold after a month: sign-ups of all outcomes, and a dead letter. */
export async function fillOutbox(definition: OutboxDefinition): Promise<void> {
  const filling = await RunningEngine.open(definition);
  const results = new Map<string, CompletedResult>();
  filling.respond = (job) =>
    results.get(job.orderingKey) ?? { type: 'retry', reason: '503', jobOnly: true };
  filling.start({ maxAgeMs: 0, initialBackoffMs: 1, maxBackoffMs: 1 });
  for (const [i, [customer, days, result]] of signUps().entries()) {
    if (result) results.set(customer, { type: 'completed', ...result });
    const queuedAt = Date.now() - days * DAY;
    const referralKey = ['ann', 'bob', 'cem'][i % 3]!;
    filling.engine.release(
      await filling.engine.enqueue(newJob(customer, { queuedAt, referralKey, payload })),
    );
  }
  await eventually(async () => (await filling.engine.stats()).pending === 0, 30_000);
  await filling.close();
}

type SignUp = [customer: string, daysAgo: number, result?: Omit<CompletedResult, 'type'>];

function signUps(): SignUp[] {
  const attributed = Array.from({ length: 60 }, (_, i): SignUp => {
    const day = (i * 13 + (i % 5) * 3) % 28;
    return [`user-${i}`, day + 0.3, { outcome: 'attributed' }];
  });
  return [
    ...attributed,
    ['user-60', 20, { outcome: 'unknown_partner', reason: '400' }],
    ['user-61', 12, { outcome: 'unknown_partner', reason: '400' }],
    ['user-62', 9, { outcome: 'rejected', reason: '422 email other_customer' }],
    [
      'user-63',
      4,
      { outcome: 'already_registered', reason: '422 key', detail: { samePartner: false } },
    ],
    ['user-64', 2, { outcome: 'already_registered', detail: { samePartner: true } }],
    ['user-65', 1, { outcome: 'discarded' }],
    ['user-66', 16],
  ];
}
