import type { OutboxHarness } from './harness.js';
import { lanes } from './harness.js';

export function lanesInOrder(on: OutboxHarness): void {
  describe('lanes', () => {
    it('deliver in order: the next comes when the one before is settled', async () => {
      for (const payload of ['1', '2', '3']) await on.add('a', payload);
      const order: string[] = [];
      for (let i = 0; i < 3; i += 1) {
        const [claimed, ...rest] = await on.claimAll();
        expect(rest).toEqual([]);
        order.push(claimed!.payload);
        await on.settle(claimed!);
      }
      expect(order).toEqual(['1', '2', '3']);
    });

    it('do not wait for each other', async () => {
      for (const lane of ['a', 'b', 'c', 'a']) await on.add(lane);
      expect(lanes(await on.claimAll()).toSorted()).toEqual(['a', 'b', 'c']);
    });

    it('wait for a held head, and go on when it is discarded', async () => {
      const held = await on.outbox.accept(on.job('a', 'held'));
      await on.add('a', 'next');
      expect(await on.claimAll()).toEqual([]);
      await on.outbox.discard(held);
      expect((await on.claimAll()).map(({ payload }) => payload)).toEqual(['next']);
    });

    it('wait for a job that has to be tried again', async () => {
      await on.add('a', '1');
      await on.add('a', '2');
      const [first] = await on.claimAll();
      await on.outbox.fail(first!, on.failure());
      expect((await on.claimAll()).map(({ payload }) => payload)).toEqual(['1']);
    });

    it('wait behind a dead job until it is replayed', async () => {
      await on.add('a', '1');
      await on.add('a', '2');
      const [first] = await on.claimAll();
      expect(await on.outbox.fail(first!, on.failure({ maxAgeMs: 0 }))).toBe('dead');
      expect(await on.claimAll()).toEqual([]);
      expect(await on.outbox.replay({ customerKey: 'a' })).toBe(1);
      const [again] = await on.claimAll();
      expect(again!.payload).toBe('1');
      await on.settle(again!);
      expect((await on.claimAll()).map(({ payload }) => payload)).toEqual(['2']);
    });

    it('belong to one program', async () => {
      const other = await on.start({ program: 'other' });
      await on.add('a', 'mine');
      const id = await other.accept(on.job('a', 'theirs'));
      other.release(id);
      expect((await on.claimAll()).map(({ payload }) => payload)).toEqual(['mine']);
      expect((await on.claimAll(other)).map(({ payload }) => payload)).toEqual(['theirs']);
    });
  });
}
