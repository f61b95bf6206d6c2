import type { RedisQueueBackend } from 'bullmq';
import { StoreLink } from '../outbox/fleet/store-link.js';
import type { Books } from './books.js';
import { openQueue } from './bullmq-queue.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';
import { describeProblem, isForGood, isOutage, isStale } from './redis-error.js';

/** A queue of BullMQ's, and the connection that it uses. */
export interface Linked {
  readonly backend: RedisQueueBackend;
  readonly client: Awaited<RedisQueueBackend['client']>;
}

export type RedisLink = StoreLink<Linked>;

export function redisLink(
  options: ResolvedBullmqOptions,
  queueName: string,
  books: Books,
  onLinked: (linked: Linked) => void,
): RedisLink {
  return new StoreLink({
    server: 'Redis',
    async connect(trouble) {
      const { queue, close } = await openQueue(options, queueName);
      queue.on('error', trouble);
      const backend = queue.getBackend();
      return { linked: backend.client.then((client) => ({ backend, client })), close };
    },
    isConnected,
    probe: ({ client }) => books.salt(client),
    prepare(linked) {
      books.prepare(linked.client);
      onLinked(linked);
      return Promise.resolve();
    },
    isOutage,
    isStale,
    isForGood,
    describe: describeProblem,
  });
}

/** A cluster's client is 'connect'ed, any other is 'ready'. */
function isConnected({ client: { status, isCluster } }: Linked): boolean {
  return status === 'ready' || (isCluster && status === 'connect');
}
