import type { FakeRoutes, Fields } from '#lib/testing/fake-route.js';
import type { FakeStore } from '#lib/testing/fake-store.js';
import { webhookRoutes } from '#lib/testing/fake-webhooks.js';
import type { FakeApiVariants } from './api-variants.js';

const UNCONFIRMED = new Set<unknown>([
  'transaction.updated',
  'reward.created',
  'reward.approved',
  'reward.paid',
]);

/** `POST /webhooks` with events and keys that `FakePartnero` refuses. */
export function webhookVariantRoutes(store: FakeStore, apiVariants: FakeApiVariants): FakeRoutes {
  const create = webhookRoutes(store)['POST /webhooks']!;
  return {
    'POST /webhooks': (call) => {
      const { key, events, ...rest } = call.body;
      const isTaken = store.webhooks.some((webhook) => webhook.key === key);
      const isRepeated = apiVariants.webhookKeys === 'repeatable' && isTaken;
      const hasKey = key !== undefined && apiVariants.webhookKeys !== 'generated' && !isRepeated;
      const hasUnconfirmed = apiVariants.unconfirmedEvents && Array.isArray(events);
      const known = hasUnconfirmed ? events.filter((event) => !UNCONFIRMED.has(event)) : events;
      const body = { ...rest, events: known, ...(hasKey ? { key } : {}) };
      const { status, body: created } = create({ ...call, body });
      const changes = { ...(isRepeated ? { key } : {}), ...(hasUnconfirmed ? { events } : {}) };
      Object.assign(store.webhooks.at(-1)!, changes);
      const data = { ...(created?.['data'] as Fields), ...changes };
      return { status, body: { ...created, data } };
    },
  };
}
