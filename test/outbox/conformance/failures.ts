import type { OutboxHarness } from './harness.js';

export function failures(on: OutboxHarness): void {
  describe('failures', () => {
    it('are tried again after their delay, and counted', async () => {
      await on.add('a');
      const [first] = await on.claimAll();
      expect(await on.outbox.fail(first!, on.failure({ delayMs: 3_600_000 }))).toBe('postponed');
      expect(await on.claimAll()).toEqual([]);
      await on.add('b');
      const [second] = await on.claimAll();
      await on.outbox.fail(second!, on.failure());
      expect(await on.claimAll()).toMatchObject([{ lane: 'b', attempts: 1 }]);
    });

    it('that were none, but a wait, use up nothing', async () => {
      await on.add('a');
      const [first] = await on.claimAll();
      const wait = on.failure({ waiting: true, maxAgeMs: 0, reason: 'grace' });
      expect(await on.outbox.fail(first!, wait)).toBe('postponed');
      expect(await on.claimAll()).toMatchObject([{ lane: 'a', attempts: 0 }]);
    });

    it('that are due further ahead than any backoff are left over from a wrong clock, and due', async () => {
      const hasty = await on.start({ maxBackoffMs: 1_000 });
      await on.add('a');
      await on.outbox.fail((await on.claimAll())[0]!, on.failure({ delayMs: 7_200_000 }));
      expect(await on.claimAll(hasty)).toMatchObject([{ lane: 'a' }]);
    });

    it('say why, while the job is pending', async () => {
      await on.add('a');
      const [first] = await on.claimAll();
      await on.outbox.fail(first!, on.failure({ delayMs: 3_600_000, reason: '503' }));
      expect(await on.outbox.find('a')).toMatchObject([
        { state: 'pending', outcome: null, reason: '503', attempts: 1 },
      ]);
    });

    it('end as dead, keep what they said, and can be replayed by id', async () => {
      await on.add('a', '{"kept":true}');
      await on.add('b');
      for (const claimed of await on.claimAll())
        await on.outbox.fail(claimed, on.failure({ maxAgeMs: 0 }));
      const dead = await on.deadOf();
      expect(dead).toMatchObject([
        { customerKey: 'a', state: 'dead', outcome: 'dead', reason: '503' },
        { customerKey: 'b', state: 'dead' },
      ]);
      expect(await on.outbox.stats()).toMatchObject({ accepted: 2, pending: 0, dead: 2 });
      expect(await on.outbox.replay({ id: dead[0]!.id })).toBe(1);
      expect(await on.outbox.stats()).toMatchObject({ pending: 1, dead: 1 });
      expect(await on.claimAll()).toMatchObject([
        { lane: 'a', payload: '{"kept":true}', attempts: 0 },
      ]);
      expect(await on.outbox.replay({ kind: 'transaction' })).toBe(0);
      expect(await on.outbox.replay({ kind: 'attribution' })).toBe(1);
      expect(await on.outbox.replay({})).toBe(0);
    });

    it('no dead job is replayed by an id that is none', async () => {
      await on.add('a');
      await on.outbox.fail((await on.claimAll())[0]!, on.failure({ maxAgeMs: 0 }));
      for (const id of ['x', '', undefined as unknown as string, '1.5']) {
        expect(await on.outbox.replay({ id })).toBe(0);
      }
    });

    it('all dead jobs are listed, however many', async () => {
      const ids = await Promise.all(
        Array.from({ length: 450 }, (_, i) => on.outbox.accept(on.job(`${i}`))),
      );
      for (const id of ids) on.outbox.release(id);
      const jobs = await on.claimAll();
      await Promise.all(jobs.map((each) => on.outbox.fail(each, on.failure({ maxAgeMs: 0 }))));
      expect(await on.deadOf()).toHaveLength(450);
    });
  });
}
