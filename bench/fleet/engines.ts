import { sqliteOutbox } from 'nestjs-partnero';
import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import { postgresOutbox } from 'nestjs-partnero/pg-boss';
import type { OutboxDefinition } from '#lib/outbox/outbox.js';

export const ENGINES = ['embedded', 'BullMQ', 'pg-boss'] as const;
export type Engine = (typeof ENGINES)[number];

/** A store that nobody else has. */
export interface Place {
  readonly engine: Engine;
  /** Where the server is; of a file, its folder. */
  readonly at: string;
  readonly name: string;
}

const CREATE: Record<Engine, (place: Place) => OutboxDefinition> = {
  embedded: ({ at, name }) => sqliteOutbox({ path: `${at}/${name}.db` }),
  BullMQ: ({ at, name }) => bullmqOutbox({ connection: { url: at }, queueName: name }),
  'pg-boss': ({ at, name }) => postgresOutbox({ connectionString: at, schema: name }),
};

export function outboxAt(place: Place): OutboxDefinition {
  return CREATE[place.engine](place);
}
