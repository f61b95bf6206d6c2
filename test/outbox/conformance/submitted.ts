import type { Job, SubmittedJob } from '#lib/outbox/job.js';
import type { OutboxHarness } from './harness.js';

export function submittedJobs(on: OutboxHarness): void {
  describe('submitted jobs', () => {
    const ifTaken = { same: 'duplicate', different: 'conflict', withdrawn: 'refunded' };
    const sale = (value: string, digest = '49.00', lane = 'a'): SubmittedJob => ({
      ...on.job(lane, value),
      kind: 'transaction',
      key: { value, digest, ifTaken },
    });
    const refund = (key: string): SubmittedJob => ({
      ...on.job(`refund of ${key}`, `refund of ${key}`),
      kind: 'refund',
      key: { value: key, digest: '', ifTaken },
      withdraws: { kind: 'transaction', key },
    });
    const payloads = (jobs: readonly Job[]) => jobs.map(({ payload }) => payload);
    const outcomes = (given: readonly SubmittedJob[]) =>
      Promise.all(given.map(async (each) => (await on.outbox.submit(each)).outcome));

    it('are released from the start, and go in the order of their lane', async () => {
      await on.add('a', 'attribution');
      const { id, outcome } = await on.outbox.submit(on.job('a', 'submitted'));
      expect(outcome).toBeNull();
      const [first, ...rest] = await on.claimAll();
      expect([first!.payload, rest]).toEqual(['attribution', []]);
      await on.settle(first!);
      expect(await on.claimAll()).toMatchObject([{ id, payload: 'submitted', lane: 'a' }]);
    });

    it('survive a restart', async () => {
      await on.outbox.submit(sale('inv-1'));
      await on.restart();
      expect(payloads(await on.claimAll())).toEqual(['inv-1']);
    });

    it('of one key take effect once, whoever comes first, also from other instances', async () => {
      const other = await on.start();
      const found = await Promise.all([
        ...Array.from({ length: 10 }, () => on.outbox.submit(sale('inv-1'))),
        ...Array.from({ length: 10 }, () => other.submit(sale('inv-1'))),
      ]);
      expect(found.filter(({ outcome }) => outcome === null)).toHaveLength(1);
      expect(found.filter(({ outcome }) => outcome === 'duplicate')).toHaveLength(19);
      expect(await on.claimAll()).toHaveLength(1);
      expect(await on.outbox.stats()).toMatchObject({
        accepted: 20,
        pending: 1,
        outcomes: { duplicate: 19 },
      });
    });

    it('of one key that say something else are told apart, while pending and after', async () => {
      expect((await on.outbox.submit(sale('inv-1'))).outcome).toBeNull();
      expect((await on.outbox.submit(sale('inv-1', '50.00'))).outcome).toBe('conflict');
      await on.settle((await on.claimAll())[0]!, 'recorded');
      expect(await outcomes([sale('inv-1', '50.00', 'b'), sale('inv-1'), sale('inv-2')])).toEqual([
        'conflict',
        'duplicate',
        null,
      ]);
      expect(payloads(await on.claimAll())).toEqual(['inv-2']);
    });

    it('of the same key in another program are not the same', async () => {
      const other = await on.start({ program: 'other' });
      expect((await on.outbox.submit(sale('inv-1'))).outcome).toBeNull();
      expect((await other.submit(sale('inv-1'))).outcome).toBeNull();
    });

    it('hold their key as dead jobs, and lose it by an outcome without effect', async () => {
      await on.outbox.submit(sale('inv-1'));
      await on.outbox.fail((await on.claimAll())[0]!, on.failure({ maxAgeMs: 0 }));
      expect((await on.outbox.submit(sale('inv-1'))).outcome).toBe('duplicate');
      await on.outbox.replay({});
      await on.outbox.settle((await on.claimAll())[0]!, {
        type: 'settled',
        outcome: 'not_attributed',
        freesKey: true,
      });
      expect((await on.outbox.submit(sale('inv-1'))).outcome).toBeNull();
      expect(await on.claimAll()).toHaveLength(1);
    });

    it('are found by customer, with their key', async () => {
      await on.outbox.submit(sale('inv-1'));
      await on.outbox.submit(sale('inv-1'));
      expect(await on.outbox.find('a')).toMatchObject([
        { kind: 'transaction', key: 'inv-1', state: 'settled', outcome: 'duplicate' },
        { kind: 'transaction', key: 'inv-1', state: 'pending', outcome: null },
      ]);
    });

    it('that withdraw another follow it in its lane', async () => {
      await on.outbox.submit(sale('inv-1'));
      expect((await on.outbox.submit(refund('inv-1'))).outcome).toBeNull();
      const [first, ...rest] = await on.claimAll();
      expect([first!.payload, rest]).toEqual(['inv-1', []]);
      await on.settle(first!, 'recorded');
      expect(await on.claimAll()).toMatchObject([{ payload: 'refund of inv-1', lane: 'a' }]);
      expect((await on.outbox.submit(refund('inv-1'))).outcome).toBe('duplicate');
      expect((await on.outbox.submit(sale('inv-1'))).outcome).toBe('duplicate');
    });

    it('that withdraw what has not come yet keep it from being delivered', async () => {
      expect((await on.outbox.submit(refund('inv-1'))).outcome).toBeNull();
      await on.settle((await on.claimAll())[0]!, 'not_found');
      await on.restart();
      expect((await on.outbox.submit(sale('inv-1'))).outcome).toBe('refunded');
      expect(await on.claimAll()).toEqual([]);
      expect(await on.outbox.stats()).toMatchObject({
        pending: 0,
        kinds: { transaction: { accepted: 1, outcomes: { refunded: 1 } } },
      });
    });

    it('are forgotten with their customer, key and all', async () => {
      await on.outbox.submit(sale('inv-1'));
      await on.settle((await on.claimAll())[0]!, 'recorded');
      await on.outbox.forget('a');
      expect((await on.outbox.submit(sale('inv-1'))).outcome).toBeNull();
    });
  });
}
