import type { OutboxHarness } from './harness.js';

export function claims(on: OutboxHarness): void {
  describe('claims', () => {
    it('hand out no job twice, also not to another instance', async () => {
      for (let i = 0; i < 50; i += 1) await on.add(`${i}`);
      // From then on they are in the store only.
      await on.outbox.handBack(await on.claimAll());
      const other = await on.start();
      const claims = await Promise.all([
        on.claimAll(),
        on.claimAll(other),
        on.claimAll(),
        on.claimAll(other),
      ]);
      const ids = claims.flat().map(({ id }) => id);
      expect(ids).toHaveLength(50);
      expect(new Set(ids).size).toBe(50);
    });

    it('hand out no more than asked for', async () => {
      for (let i = 0; i < 20; i += 1) await on.add(`${i}`);
      expect((await on.outbox.claim(7)).jobs.length).toBeLessThanOrEqual(7);
    });

    it('are given back by handBack, unused', async () => {
      await on.add('a');
      const jobs = await on.claimAll();
      await on.outbox.handBack(jobs);
      expect(await on.claimAll()).toMatchObject([{ lane: 'a', attempts: 0 }]);
    });

    it('are given back when the outbox closes', async () => {
      await on.add('a');
      expect(await on.claimAll()).toHaveLength(1);
      await on.restart();
      expect(await on.claimAll()).toMatchObject([{ lane: 'a', attempts: 0 }]);
    });

    it('are lost when the job is no longer this process’s', async () => {
      await on.add('a');
      const [claimed] = await on.claimAll();
      await on.outbox.handBack([claimed!]);
      const other = await on.start();
      const [theirs] = await on.claimAll(other);
      await other.settle(theirs!, { type: 'settled', outcome: 'attributed' });
      expect(await on.settle(claimed!)).toBe(false);
      expect(await on.outbox.fail(claimed!, on.failure())).toBe('lost');
      expect((await on.outbox.stats()).outcomes).toEqual({ attributed: 1 });
    });
  });
}
