import assert from 'node:assert/strict';
import {
  assertMatches,
  assertSame,
  type ConformanceHarness,
} from '#lib/testing/conformance/conformance-harness.js';
import { type Attempt, completed, failed } from '#lib/testing/conformance/scripted-partnero.js';
import type { AddCase } from '#lib/testing/conformance/test-framework.js';

/** Timers may fire this much early. Milliseconds. */
const EARLY_MS = 5;

export function moreRetryCases(on: ConformanceHarness, it: AddCase): void {
  const attempts = (label: string) => on.partnero.attemptsOf(label).map(({ job }) => job.attempts);
  const gapMs = ([first, second]: Attempt[]) => second!.startedAt - first!.startedAt;

  it('a pending job shows its attempts and the reason of the last failure', async () => {
    on.start();
    on.partnero.script = () =>
      ({ ...failed(60_000), reason: '503 unavailable' }) as ReturnType<typeof failed>;
    await on.add('a');
    const entry = await on.eventually('the failure is saved', async () => {
      const [found] = await on.engine.find('a');
      return found!.attempts === 1 && found;
    });
    assertMatches(entry, {
      state: 'pending',
      outcome: null,
      reason: '503 unavailable',
      endedAt: null,
    });
  });

  it('a failure that asks for a delay is not retried before it', async () => {
    on.start();
    on.partnero.script = ({ nth }) => (nth === 1 ? failed(150) : completed());
    await on.add('a');
    await on.ended(1);
    assert.ok(gapMs(on.partnero.attemptsOf('a')) >= 150 - EARLY_MS);
  });

  it('attempts are kept across a restart, and a wait may be too', async () => {
    on.start();
    on.partnero.script = ({ nth }) => (nth === 1 ? failed(300) : completed());
    await on.add('a');
    await on.eventually(
      'the failure is saved',
      async () => (await on.engine.find('a'))[0]!.attempts,
    );
    await on.restart();
    on.start();
    await on.ended(1);
    assertSame(attempts('a'), [0, 1]);
  });
}
