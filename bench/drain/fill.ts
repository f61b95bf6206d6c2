import { OutboxFile } from '#lib/outbox/sqlite/outbox-file.js';
import { resolveSqliteOptions } from '#lib/outbox/sqlite/sqlite.options.js';
import type { Operation } from '#lib/outbox/sql/operations.js';
import { uuid7 } from '#lib/outbox/uuid7.js';

const PAGE = 10_000;

/** Makes an outbox file with that many pending jobs, as after a long outage of Partnero. */
export async function fill(path: string, jobs: number): Promise<void> {
  const file = OutboxFile.open(resolveSqliteOptions({ path }, {}));
  const run = (operations: Operation[]) => file.transaction(() => file.store.run(operations));
  const program = 'default';
  await run([{ name: 'registerProgram', program, args: {} }]);
  for (let i = 0; i < jobs; i += PAGE) {
    const count = Math.min(PAGE, jobs - i);
    const names = Array.from({ length: count }, (_, n) => `user-${i + n}`);
    await run(
      names.map((orderingKey) => ({
        name: 'enqueue',
        program,
        args: {
          id: uuid7(),
          name: 'attribution',
          orderingKey,
          referralKey: 'ann',
          payload: JSON.stringify({ fields: { email: `${orderingKey}@example.com` } }),
          queuedAt: Date.now(),
          owner: null,
        },
      })),
    );
  }
  file.close();
}
