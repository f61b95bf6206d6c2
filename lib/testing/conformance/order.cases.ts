import assert from 'node:assert/strict';
import { assertSame, type ConformanceHarness, keys, sleep } from './conformance-harness.js';
import { completed, failed } from './scripted-partnero.js';
import type { AddCase } from './test-framework.js';

const takesMoments = async () => {
  await sleep(Math.random() * 4);
  return completed();
};
const labelsOf = (key: string, count: number) => keys(count).map((n) => `${key}-${n}`);

export function orderCases(on: ConformanceHarness, it: AddCase): void {
  const assertInOrder = (key: string, labels: readonly string[]) => {
    const delivered = on.partnero.delivered.filter((label) => label.startsWith(`${key}-`));
    assertSame(delivered, labels);
  };

  it('jobs with one ordering key are delivered one at a time, in the order in which they were enqueued', async () => {
    on.start();
    on.partnero.script = takesMoments;
    const enqueueAll = async (key: string) => {
      const ids: string[] = [];
      for (const label of labelsOf(key, 5)) ids.push(await on.engine.enqueue(on.job(key, label)));
      // Released in another order.
      for (const id of ids.toReversed()) on.engine.release(id);
    };
    await Promise.all(keys(20).map(enqueueAll));
    await on.ended(100);
    for (const key of keys(20)) assertInOrder(key, labelsOf(key, 5));
  });

  it('two engines on one store keep the order of an ordering key, and deliver no job twice', async () => {
    const engines = [on.engine, await on.open()];
    for (const each of engines) on.start({}, each);
    on.partnero.script = takesMoments;
    const addAll = async (key: string) => {
      for (const [n, label] of labelsOf(key, 6).entries()) await on.add(key, label, engines[n % 2]);
    };
    await Promise.all(keys(10).map(addAll));
    await on.ended(60);
    assert.equal(on.partnero.attempts.length, 60);
    for (const key of keys(10)) assertInOrder(key, labelsOf(key, 6));
  });

  it('other ordering keys are delivered in parallel, up to the concurrency', async () => {
    let most = 0;
    on.start({ concurrency: 4 });
    on.partnero.script = async () => {
      most = Math.max(most, on.partnero.inFlight.length);
      await sleep(5);
      return completed();
    };
    await on.addAll(keys(40));
    await on.ended(40);
    assert.equal(most, 4);
  });

  it('a job that is retried or deferred is not overtaken by later ones of its ordering key', async () => {
    on.start();
    on.partnero.script = ({ label, nth }) => {
      if (label === 'first' && nth === 1) return failed(30);
      if (label === 'first' && nth === 2) return { type: 'defer', reason: 'grace', ms: 30 };
      return completed();
    };
    await on.add('a', 'first');
    await on.add('a', 'second');
    await on.ended(2);
    assertSame(on.partnero.delivered, ['first', 'first', 'first', 'second']);
  });
}
