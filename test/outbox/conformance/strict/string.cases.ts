import assert from 'node:assert/strict';
import {
  assertMatches,
  assertSame,
  type ConformanceHarness,
} from '#lib/testing/conformance/conformance-harness.js';
import type { AddCase } from '#lib/testing/conformance/test-framework.js';

const LONG = 'é'.repeat(2_000);
const CONTROL = ['a\n', 'a\nb', 'a\tb', ' a', 'a ', 'a\u007fb', '\ufeffa', 'a\u200bb', '\uffff'];
const PUNCTUATION = [
  'a:b',
  'a:b:c',
  'a%3Ab',
  'a%',
  'a/b',
  'a\\b',
  '{a}',
  'a"b',
  "a'b",
  "a''b",
  '[a]',
];
const PATTERNS = ["'; DROP TABLE jobs; --", 'a*', 'a?', '$1', ':a', 'a_'];
const LITERALS = [
  '0',
  '-1',
  '1e3',
  '007',
  '7',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  '[]',
];
const LETTERS = [
  'a',
  'A',
  'é',
  'e\u0301',
  '😀',
  '👩‍👩‍👧',
  'ﬁ',
  'İ',
  'ß',
  'ss',
  '日本語',
  `${LONG}1`,
  `${LONG}2`,
];
const ODD_STRINGS = [CONTROL, PUNCTUATION, PATTERNS, LITERALS, LETTERS].flat();
const UNSTORABLE = ['a\0b', 'a\0', '\ud800', 'a\udc00b', '\ud83d'];

export function stringCases(on: ConformanceHarness, it: AddCase): void {
  const ifTaken = { same: 'duplicate', different: 'conflict', cancelled: 'refunded' };

  it('ordering keys with any characters are kept apart, found and delivered as they are', async () => {
    const ids = await on.addAll(ODD_STRINGS);
    assert.equal(new Set(ids).size, ODD_STRINGS.length);
    on.start();
    await on.ended(ODD_STRINGS.length);
    for (const [n, key] of ODD_STRINGS.entries()) {
      const found = await on.engine.find(key);
      assertSame(
        found.map(({ id, customerKey }) => [id, customerKey]),
        [[ids[n], key]],
      );
      assertSame(
        on.partnero.attemptsOf(key).map(({ job }) => job.orderingKey),
        [key],
      );
    }
    for (const key of ODD_STRINGS) assert.equal((await on.engine.forget(key)).forgotten, 1, key);
  });

  it('payloads, referral keys, outcomes and job keys with any characters are kept as they are', async () => {
    on.start();
    on.partnero.script = ({ job }) => ({
      type: 'completed',
      outcome: 'recorded',
      reason: job.referralKey ?? '',
    });
    const payload = (value: string) => `{ "label": ${JSON.stringify(value)},"program":"default" }`;
    const submit = async (value: string) => {
      const job = on.job('a', value, { payload: payload(value), referralKey: value });
      return on.engine.submit({ ...job, key: { value, digest: value, ifTaken } });
    };
    for (const value of ODD_STRINGS) assert.equal((await submit(value)).outcome, null, value);
    await on.ended(ODD_STRINGS.length);
    assertSame(
      on.partnero.attempts.map(({ job }) => job.payload),
      ODD_STRINGS.map(payload),
    );
    assertSame(
      on.partnero.attempts.map(({ job }) => job.referralKey),
      ODD_STRINGS,
    );
    const found = (await on.engine.find('a')).toReversed();
    for (const field of ['key', 'referralKey', 'reason'] as const) {
      assertSame(
        found.map((entry) => entry[field]),
        ODD_STRINGS,
      );
    }
    for (const value of ODD_STRINGS)
      assert.equal((await submit(value)).outcome, 'duplicate', value);
  });

  it('keys with NUL or half a surrogate pair are refused or kept as they are, and harm no other job', async () => {
    on.start();
    const attempt = async (key: string, n: number) => {
      const label = `odd-${n}`;
      const id = await on.add(key, label).catch((error: Error) => {
        assert.ok(error.message !== '' && !error.message.includes(label));
        return null;
      });
      await on.add(`good-${n}`);
      return id;
    };
    const ids = await Promise.all(UNSTORABLE.map(attempt));
    const saved = ids.filter((id) => id !== null).length;
    assertMatches(await on.idle(), { outcomes: { attributed: UNSTORABLE.length + saved } });
    for (const [n, id] of ids.entries()) {
      if (id === null) continue;
      const found = await on.engine.find(UNSTORABLE[n]!);
      assertSame(
        found.map((entry) => entry.id),
        [id],
      );
      assert.equal(on.partnero.attemptsOf(`odd-${n}`)[0]!.job.orderingKey, UNSTORABLE[n]);
    }
    const submit = (value: string, n: number) =>
      on.engine.submit({ ...on.job(`sale-${n}`), key: { value, digest: '', ifTaken } });
    const submitted = await Promise.allSettled(UNSTORABLE.map(submit));
    for (const each of submitted)
      if (each.status === 'fulfilled') assert.equal(each.value.outcome, null);
    await on.idle();
  });

  it('a payload of 200 KB is delivered as it is', async () => {
    on.start();
    const label = 'ü😀"\\\n'.repeat(20_000);
    await on.add('a', label);
    await on.ended(1);
    assert.equal(on.partnero.attempts[0]!.label, label);
  });
}
