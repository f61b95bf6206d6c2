import { AsyncLocalStorage } from 'node:async_hooks';
import { assertSame, type ConformanceHarness, sleep } from './conformance-harness.js';
import { completed, failed } from './scripted-partnero.js';
import type { AddCase } from './test-framework.js';

export function asyncContextCases(on: ConformanceHarness, it: AddCase): void {
  it('deliver, checkKey and onEnd run in the async context of start, never in that of a request', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen = new Set<string>();
    on.partnero.onCall = (name) => seen.add(`${name} in ${context.getStore() ?? 'none'}`);
    on.partnero.key = 'rejected';
    on.partnero.script = ({ label, nth }) => {
      if (label === 'unauthorized' && on.partnero.key !== 'accepted') {
        return { type: 'unauthorized', reason: '401' };
      }
      return nth < 3 ? failed() : completed();
    };
    const control = context.run('app', () => on.start({ maxAgeMs: 1_000_000 }));
    await context.run('request', async () => {
      await on.add('a');
      await on.engine.submit(on.job('b'));
      const held = await on.engine.enqueue(on.job('c'));
      await on.engine.enqueue(on.job('d'), held).then((id) => on.engine.release(id));
      await on.ended(3);
      await on.add('unauthorized');
      await on.eventually('the key is checked', () => on.partnero.keyChecks.length > 0);
      on.partnero.key = 'accepted';
      await on.ended(4);
      control.pause('queue_paused');
      await on.add('e');
      await sleep(20);
      control.resume();
      await on.ended(5);
    });
    assertSame([...seen].toSorted(), ['checkKey in app', 'deliver in app', 'onEnd in app']);
  });
}
