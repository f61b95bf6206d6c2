import { type Attributes, type Meter } from '@opentelemetry/api';
import { onPartneroMessage } from '../channels/channels.js';
import { EVENT, jobAttributes, OUTCOME, PROGRAM } from './attributes.js';

/** Counts what the channels say. Returns a function that stops it. */
export function countJobs(meter: Meter): () => void {
  const queued = meter.createCounter('partnero.jobs.queued', {
    description: 'Jobs that were saved: sign-ups, sales, refunds, erasures, events for handlers',
  });
  const ended = meter.createCounter('partnero.jobs.ended', {
    description: 'Jobs by outcome, `dead` and `discarded` included',
  });
  const retries = meter.createCounter('partnero.jobs.retries', {
    description: 'Failed attempts that will be followed by another one',
  });
  const webhooks = meter.createCounter('partnero.webhooks.received', {
    description: 'Events that were received from Partnero, by name',
  });
  const outcome = (attributes: Attributes, value: string) =>
    ended.add(1, { ...attributes, [OUTCOME]: value });
  const stops = [
    onPartneroMessage('queued', (message) => queued.add(1, jobAttributes(message))),
    onPartneroMessage('delivered', (message) => outcome(jobAttributes(message), message.outcome)),
    onPartneroMessage('dead-letter', (message) => outcome(jobAttributes(message), 'dead')),
    // Only sign-ups are discarded.
    onPartneroMessage('discarded', ({ program }) =>
      outcome(jobAttributes({ program, jobName: 'attribution' }), 'discarded'),
    ),
    onPartneroMessage('retry', (message) => retries.add(1, jobAttributes(message))),
    onPartneroMessage('webhook', ({ program, event }) =>
      webhooks.add(1, { [PROGRAM]: program, [EVENT]: event }),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
