import type { OutboxHarness } from './harness.js';

export function whatBecameOfIt(on: OutboxHarness): void {
  describe('what became of it', () => {
    it('numbers add up, and survive a restart', async () => {
      for (let i = 0; i < 9; i += 1) await on.add(`${i}`);
      const jobs = await on.claimAll();
      await on.settle(jobs[0]!, 'attributed');
      await on.settle(jobs[1]!, 'attributed');
      await on.settle(jobs[2]!, 'rejected');
      await on.outbox.fail(jobs[3]!, on.failure({ maxAgeMs: 0 }));
      await on.outbox.fail(jobs[4]!, on.failure({ delayMs: 3_600_000 }));
      await on.outbox.discard(await on.outbox.accept(on.job('x')));
      const expected = {
        accepted: 10,
        pending: 5,
        dead: 1,
        outcomes: { attributed: 2, rejected: 1, discarded: 1 },
      };
      expect(await on.outbox.stats()).toMatchObject({
        ...expected,
        kinds: { attribution: expected },
      });
      await on.restart();
      expect(await on.outbox.stats()).toMatchObject(expected);
    });

    it('is found by customer, the newest first', async () => {
      await on.add('a', '1');
      const [first] = await on.claimAll();
      await on.outbox.settle(first!, {
        type: 'settled',
        outcome: 'already_registered',
        reason: '422 key',
        detail: { samePartner: true },
      });
      await on.add('a', '2');
      expect(await on.outbox.find('a')).toMatchObject([
        { state: 'pending', outcome: null, settledAt: null },
        {
          state: 'settled',
          outcome: 'already_registered',
          reason: '422 key',
          detail: { samePartner: true },
          referralKey: 'ann',
          customerKey: 'a',
          acceptedAt: expect.any(Date),
          settledAt: expect.any(Date),
        },
      ]);
      expect(await on.outbox.find('b')).toEqual([]);
    });

    it('forgets a customer, and nobody else, and still adds up', async () => {
      for (const [lane, outcome] of [
        ['a', 'attributed'],
        ['b', 'attributed'],
        ['a', 'rejected'],
      ]) {
        await on.add(lane!);
        await on.settle((await on.claimAll())[0]!, outcome);
      }
      await on.add('a');
      await on.outbox.fail((await on.claimAll())[0]!, on.failure({ delayMs: 60_000 }));
      expect(await on.outbox.forget('a')).toEqual({ forgotten: 3, underWay: 0 });
      expect(await on.outbox.find('a')).toEqual([]);
      expect(await on.outbox.find('b')).toHaveLength(1);
      expect(await on.outbox.stats()).toMatchObject({
        accepted: 4,
        pending: 0,
        outcomes: { attributed: 2, rejected: 1, discarded: 1 },
      });
      expect(await on.claimAll()).toEqual([]);
    });

    it('forgets what has ended of a lane when a job says so, and nothing that is pending', async () => {
      await on.add('b');
      await on.settle((await on.claimAll())[0]!);
      await on.add('a', '1');
      await on.settle((await on.claimAll())[0]!);
      await on.add('a', '2');
      await on.add('a', '3');
      const [eraser] = await on.claimAll();
      await on.outbox.settle(eraser!, { type: 'settled', outcome: 'erased', forgets: true });
      expect(await on.outbox.find('a')).toMatchObject([{ state: 'pending' }]);
      expect(await on.outbox.find('b')).toHaveLength(1);
      expect((await on.claimAll()).map(({ payload }) => payload)).toEqual(['3']);
      expect(await on.outbox.stats()).toMatchObject({
        accepted: 4,
        pending: 1,
        outcomes: { attributed: 2, erased: 1 },
      });
    });

    it('forgets nothing that is being delivered just now', async () => {
      await on.add('a');
      const [claimed] = await on.claimAll();
      expect(await on.outbox.forget('a')).toEqual({ forgotten: 0, underWay: 1 });
      await on.settle(claimed!);
      expect(await on.outbox.forget('a')).toEqual({ forgotten: 1, underWay: 0 });
    });

    it('tells the oldest that is pending', async () => {
      expect((await on.outbox.stats()).oldestPendingAt).toBeNull();
      await on.outbox.accept({ ...on.job('a'), acceptedAt: 1_000_000 });
      await on.outbox.accept(on.job('b'));
      expect((await on.outbox.stats()).oldestPendingAt).toEqual(new Date(1_000_000));
    });
  });
}
