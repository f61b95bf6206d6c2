import type { OutboxContext, OutboxDefinition } from '../outbox.js';

/**
 * Under which name a program's jobs wait on this machine for the fleet. Not its own: what the file held
 * before there was a fleet, sales among it, can't move without losing its place in their order.
 */
export function toMove(program: string): string {
  return `${program} (to the fleet)`;
}

/** Says what the file still holds of the time before there was a fleet: nobody delivers it now. */
export async function warnOfWhatIsLeft(
  fallback: OutboxDefinition,
  context: OutboxContext,
): Promise<void> {
  if (!(await fallback.knows(context.program).catch(() => false))) return;
  const before = fallback.create(context);
  try {
    await before.open();
    const { pending } = await before.stats();
    if (pending === 0) return;
    context.log.error(
      `${pending} jobs in ${before.location} are not delivered: they were accepted when it was the ` +
        'outbox of this app, not the fallback of another. Start the app on it once more, with outbox: ' +
        'sqliteOutbox(), until none is pending.',
    );
  } finally {
    await before.close();
  }
}
