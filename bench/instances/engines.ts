import { sqliteOutbox, type OutboxDefinition } from 'nestjs-partnero';
import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import { postgresOutbox } from 'nestjs-partnero/postgres';

export const ENGINES = ['sqlite', 'bullmq', 'postgres'] as const;
export type Engine = (typeof ENGINES)[number];

/** A store that only this bench uses. */
export interface Place {
  readonly engine: Engine;
  /** The address of the server; of a file, its folder. */
  readonly at: string;
  readonly name: string;
}

const CREATE: Record<Engine, (place: Place) => OutboxDefinition> = {
  sqlite: ({ at, name }) => sqliteOutbox({ path: `${at}/${name}.db` }),
  bullmq: ({ at, name }) => bullmqOutbox({ connection: { url: at }, queueName: name }),
  postgres: ({ at, name }) => postgresOutbox({ connectionString: at, schema: name }),
};

export function outboxAt(place: Place): OutboxDefinition {
  return CREATE[place.engine](place);
}
