import type { Job } from '#lib/outbox/job.js';
import type { OutboxHarness } from './harness.js';
import { lanes } from './harness.js';
import { eventually } from '../../support/eventually.js';

export function heldReleasedDiscarded(on: OutboxHarness): void {
  describe('held, released, discarded', () => {
    it('a held job is not delivered', async () => {
      await on.outbox.accept(on.job('a'));
      expect(await on.claimAll()).toEqual([]);
      expect(await on.outbox.stats()).toMatchObject({ accepted: 1, pending: 1 });
    });

    it('a released job is, with all that it said', async () => {
      const id = await on.add('a', '{"x":"ü"}');
      expect(await on.claimAll()).toMatchObject([
        {
          id,
          kind: 'attribution',
          lane: 'a',
          referralKey: 'ann',
          payload: '{"x":"ü"}',
          attempts: 0,
        },
      ]);
    });

    it('a discarded job never is', async () => {
      const id = await on.outbox.accept(on.job('a'));
      expect(await on.outbox.discard(id)).toBe(true);
      on.outbox.release(id);
      expect(await on.claimAll()).toEqual([]);
      expect(await on.outbox.stats()).toMatchObject({ pending: 0, outcomes: { discarded: 1 } });
    });

    it('discarding does nothing to a released job', async () => {
      const id = await on.add('a');
      expect(await on.outbox.discard(id)).toBe(false);
      expect(await on.claimAll()).toHaveLength(1);
    });

    it('a job takes the place of another in one step', async () => {
      const first = await on.outbox.accept(on.job('a'));
      const second = await on.outbox.accept(on.job('b'), first);
      on.outbox.release(first);
      on.outbox.release(second);
      expect(lanes(await on.claimAll())).toEqual(['b']);
      expect(await on.outbox.stats()).toMatchObject({ accepted: 2, outcomes: { discarded: 1 } });
    });

    it('a job that was held when its process ended counts as released', async () => {
      await on.outbox.accept(on.job('a'));
      await on.restart();
      expect(lanes(await on.claimAll())).toEqual(['a']);
    });

    it('more released jobs than fit into memory are delivered all the same', async () => {
      const ids = await Promise.all(
        Array.from({ length: 1_300 }, (_, i) => on.outbox.accept(on.job(`${i}`))),
      );
      for (const id of ids) on.outbox.release(id);
      const claimed: Job[] = [];
      await eventually(async () => claimed.push(...(await on.claimAll())) >= 1_300);
      expect(new Set(lanes(claimed)).size).toBe(1_300);
    });
  });
}
