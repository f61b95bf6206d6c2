import type { OutboxHarness } from './harness.js';

export function gate(on: OutboxHarness): void {
  describe('the gate', () => {
    it('closes for a rate limit, for all instances, and loses nothing', async () => {
      const other = await on.start();
      await on.outbox.report({ type: 'rate_limited', retryAfterMs: 600_000 });
      await on.add('a');
      expect(await on.claimAll()).toEqual([]);
      expect(await on.claimAll(other)).toEqual([]);
      expect(await on.outbox.stats()).toMatchObject({
        pending: 1,
        paused: { reason: 'rate_limited' },
      });
    });

    it('closes for a refused key, and opens for another key', async () => {
      await on.outbox.report({ type: 'key_refused' });
      await on.add('a');
      expect(await on.claimAll()).toEqual([]);
      expect(await on.outbox.stats()).toMatchObject({ paused: { reason: 'unauthorized' } });
      on.keyHash = 'mended';
      expect((await on.outbox.stats()).paused).toBeNull();
      expect(await on.claimAll()).toHaveLength(1);
    });

    it('opens when the key is accepted', async () => {
      await on.outbox.report({ type: 'key_refused' });
      await on.add('a');
      await on.outbox.report({ type: 'key_accepted' });
      expect(await on.claimAll()).toHaveLength(1);
    });

    it('closes after five transient failures in a row, and says so', async () => {
      for (let i = 0; i < 6; i += 1) await on.add(`${i}`);
      const jobs = await on.claimAll();
      for (const each of jobs.slice(0, 5))
        await on.outbox.fail(each, on.failure({ jobOnly: false }));
      expect((await on.outbox.claim(10)).jobs).toEqual([]);
      expect((await on.outbox.stats()).paused).toMatchObject({ reason: 'breaker' });
      await on.settle(jobs[5]!);
      expect((await on.outbox.stats()).paused).toBeNull();
      expect(await on.claimAll()).toHaveLength(5);
    });

    it('stays open if failures lie with the jobs', async () => {
      for (let i = 0; i < 7; i += 1) await on.add(`${i}`);
      const jobs = await on.claimAll();
      for (const each of jobs.slice(0, 6)) {
        await on.outbox.fail(each, on.failure({ jobOnly: true, delayMs: 60_000 }));
      }
      expect((await on.outbox.stats()).paused).toBeNull();
      await on.outbox.handBack(jobs.slice(6));
      expect(await on.claimAll()).toHaveLength(1);
    });

    it('is another program’s business', async () => {
      const other = await on.start({ program: 'other' });
      await on.outbox.report({ type: 'rate_limited', retryAfterMs: 600_000 });
      other.release(await other.accept(on.job('a')));
      expect(await on.claimAll(other)).toHaveLength(1);
    });

    it('keeps to an own limit of requests', async () => {
      const limited = await on.start({ requestsPerMinute: 60 });
      for (let i = 0; i < 5; i += 1) limited.release(await limited.accept(on.job(`${i}`)));
      const claims = await Promise.all([limited.claim(10), limited.claim(10), limited.claim(10)]);
      expect(claims.flatMap(({ jobs }) => jobs)).toHaveLength(1);
    });
  });
}
