import type { OutboxHarness } from './harness.js';

export function notes(on: OutboxHarness): void {
  describe('notes', () => {
    it('are there at the next attempt, whoever makes it', async () => {
      await on.add('a');
      const [first] = await on.claimAll();
      expect(first!.progress ?? null).toBeNull();
      expect(await on.outbox.note(first!, '{"sentAt":1}')).toBe(true);
      await on.outbox.fail(first!, on.failure());
      const [second] = await on.claimAll();
      expect(second!.progress).toBe('{"sentAt":1}');
      await on.outbox.note(second!, '{"sentAt":2}');
      await on.restart();
      expect(await on.claimAll()).toMatchObject([{ progress: '{"sentAt":2}' }]);
    });

    it('are refused to whom the job no longer belongs', async () => {
      await on.add('a');
      const [claimed] = await on.claimAll();
      await on.outbox.handBack([claimed!]);
      const other = await on.start();
      const [theirs] = await on.claimAll(other);
      expect(theirs!.id).toBe(claimed!.id);
      await other.settle(theirs!, { type: 'settled', outcome: 'attributed' });
      expect(await on.outbox.note(claimed!, 'x')).toBe(false);
    });
  });
}
