import assert from 'node:assert/strict';
import { assertSame, type ConformanceHarness, sleep } from './conformance-harness.js';
import { completed, failed } from './scripted-partnero.js';
import type { AddCase } from './test-framework.js';

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

export function orderCases(on: ConformanceHarness, it: AddCase): void {
  it('jobs with one ordering key are delivered one at a time, in the order in which they were enqueued', async () => {
    on.start();
    on.partnero.script = async () => {
      await sleep(Math.random() * 4);
      return completed();
    };
    const enqueueAll = async (key: string) => {
      const ids: string[] = [];
      for (const n of numbers(5)) ids.push(await on.engine.enqueue(on.job(key, `${key}${n}`)));
      // Released in another order.
      for (const id of [...ids].toReversed()) on.engine.release(id);
    };
    const keys = numbers(20).map((n) => `key-${n}-`);
    await Promise.all(keys.map(enqueueAll));
    await on.ended(100);
    for (const key of keys) {
      const labels = on.partnero.delivered.filter((label) => label.startsWith(key));
      assertSame(
        labels,
        numbers(5).map((n) => `${key}${n}`),
      );
    }
  });

  it('two engines on one store keep the order of an ordering key, and deliver no job twice', async () => {
    const engines = [on.engine, await on.open()];
    for (const each of engines) on.start({}, each);
    on.partnero.script = async () => {
      await sleep(Math.random() * 4);
      return completed();
    };
    const keys = numbers(10).map((n) => `key-${n}-`);
    const addAll = async (key: string) => {
      for (const n of numbers(6)) await on.add(key, `${key}${n}`, engines[n % 2]);
    };
    await Promise.all(keys.map(addAll));
    await on.ended(60);
    assert.equal(on.partnero.attempts.length, 60);
    for (const key of keys) {
      const labels = on.partnero.delivered.filter((label) => label.startsWith(key));
      assertSame(
        labels,
        numbers(6).map((n) => `${key}${n}`),
      );
    }
  });

  it('other ordering keys are delivered in parallel, up to the concurrency', async () => {
    let most = 0;
    on.start({ concurrency: 4 });
    on.partnero.script = async () => {
      most = Math.max(most, on.partnero.inFlight.length);
      await sleep(5);
      return completed();
    };
    await on.addAll(numbers(40).map((n) => `${n}`));
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
