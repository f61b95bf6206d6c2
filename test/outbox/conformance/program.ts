import type { OutboxHarness } from './harness.js';

export function program(on: OutboxHarness): void {
  describe('the program', () => {
    it('is remembered, with a salt of its own', async () => {
      const { salt } = await on.outbox.identity();
      expect(salt).toHaveLength(32);
      await on.outbox.remember({ keyHash: 'h' });
      await on.outbox.remember({ publicId: 'P' });
      await on.restart();
      expect(await on.outbox.identity()).toEqual({ salt, keyHash: 'h', publicId: 'P' });
      const other = await on.start({ program: 'other' });
      expect((await other.identity()).salt).not.toBe(salt);
    });

    it('is known once it was there', async () => {
      expect(await on.definition().knows('default')).toBe(true);
      expect(await on.definition().knows('other')).toBe(false);
    });
  });
}
