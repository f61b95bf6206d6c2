import { FleetOutbox } from '../outbox/fleet/fleet.outbox.js';
import { newJobId } from '../outbox/fleet/job-id.js';
import type { NewJob } from '../outbox/job.js';
import type { OutboxContext } from '../outbox/outbox.js';
import type { PostgresStore } from './postgres.store.js';

/** An outbox of a fleet that can also be written to by a transaction of the app's own. */
export class PostgresOutbox extends FleetOutbox {
  constructor(
    context: OutboxContext,
    private readonly database: PostgresStore,
    owner: string,
    leaseMs: number,
  ) {
    super(context, database, owner, leaseMs);
  }

  /** @throws NotATransactionError */
  async acceptIn(transaction: object, job: NewJob): Promise<string> {
    const id = newJobId();
    await this.database.acceptIn(transaction, job, id);
    return id;
  }
}
