import type { Job, NewJob } from '#lib/outbox/job.js';
import type { Failure, Outbox, OutboxContext, OutboxDefinition } from '#lib/outbox/outbox.js';
import { eventually } from '../support/eventually.js';
import type { LedgerEntry } from '#lib/outbox/ledger.js';

/** What every engine of the outbox must do. `make` gives a fresh store; both calls of it the same. */
export function outboxConformance(engine: string, make: () => () => OutboxDefinition): void {
  describe(`the outbox port on ${engine}`, () => {
    let definition: () => OutboxDefinition;
    let outbox: Outbox;
    let keyHash: string | null;
    const open = new Set<Outbox>();

    beforeEach(async () => {
      keyHash = 'key';
      definition = make();
      outbox = await start();
    });

    afterEach(async () => {
      for (const each of open) await each.close();
      open.clear();
    });

    async function start(overrides: Partial<OutboxContext> = {}): Promise<Outbox> {
      const started = definition().create({
        program: 'default',
        requestsPerMinute: undefined,
        maxBackoffMs: 86_400_000,
        ledgerDays: 90,
        log: { log() {}, warn() {}, error() {} },
        keyHash: () => keyHash,
        deliver: () => Promise.reject(new Error('not used')),
        ...overrides,
      });
      open.add(started);
      started.onWork(() => {});
      await started.open();
      await started.identity();
      return started;
    }

    async function restart(): Promise<void> {
      await outbox.close();
      open.delete(outbox);
      outbox = await start();
    }

    const job = (lane: string, payload = '{}'): NewJob => ({
      kind: 'attribution',
      lane,
      referralKey: 'ann',
      payload,
      acceptedAt: Date.now(),
    });

    /** Accepts and releases. */
    async function add(lane: string, payload?: string): Promise<string> {
      const id = await outbox.accept(job(lane, payload));
      outbox.release(id);
      return id;
    }

    /** Claims until nothing more is to be had. */
    async function claimAll(from = outbox): Promise<Job[]> {
      const jobs: Job[] = [];
      for (let empty = 0; empty < 2;) {
        const claim = await from.claim(100);
        jobs.push(...claim.jobs);
        empty = claim.jobs.length === 0 ? empty + 1 : 0;
        // A released job may be on its way to the store.
        if (empty > 0) await new Promise((resolve) => setTimeout(resolve, 35));
      }
      return jobs;
    }

    const settle = (claimed: Job, outcome = 'attributed') =>
      outbox.settle(claimed, { type: 'settled', outcome });
    const failure = (overrides: Partial<Failure> = {}): Failure => ({
      reason: '503',
      delayMs: 0,
      maxAgeMs: 86_400_000,
      testing: false,
      jobOnly: true,
      ...overrides,
    });
    const lanes = (jobs: readonly Job[]) => jobs.map(({ lane }) => lane);
    const deadOf = async () => {
      const entries: LedgerEntry[] = [];
      for await (const entry of outbox.dead()) entries.push(entry);
      return entries;
    };

    describe('held, released, discarded', () => {
      it('a held job is not delivered', async () => {
        await outbox.accept(job('a'));
        expect(await claimAll()).toEqual([]);
        expect(await outbox.stats()).toMatchObject({ accepted: 1, pending: 1 });
      });

      it('a released job is, with all that it said', async () => {
        const id = await add('a', '{"x":"ü"}');
        expect(await claimAll()).toMatchObject([
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
        const id = await outbox.accept(job('a'));
        expect(await outbox.discard(id)).toBe(true);
        outbox.release(id);
        expect(await claimAll()).toEqual([]);
        expect(await outbox.stats()).toMatchObject({ pending: 0, outcomes: { discarded: 1 } });
      });

      it('discarding does nothing to a released job', async () => {
        const id = await add('a');
        expect(await outbox.discard(id)).toBe(false);
        expect(await claimAll()).toHaveLength(1);
      });

      it('a job takes the place of another in one step', async () => {
        const first = await outbox.accept(job('a'));
        const second = await outbox.accept(job('b'), first);
        outbox.release(first);
        outbox.release(second);
        expect(lanes(await claimAll())).toEqual(['b']);
        expect(await outbox.stats()).toMatchObject({ accepted: 2, outcomes: { discarded: 1 } });
      });

      it('a job that was held when its process ended counts as released', async () => {
        await outbox.accept(job('a'));
        await restart();
        expect(lanes(await claimAll())).toEqual(['a']);
      });

      it('more released jobs than fit into memory are delivered all the same', async () => {
        const ids = await Promise.all(
          Array.from({ length: 1_300 }, (_, i) => outbox.accept(job(`${i}`))),
        );
        for (const id of ids) outbox.release(id);
        const claimed: Job[] = [];
        await eventually(async () => claimed.push(...(await claimAll())) >= 1_300);
        expect(new Set(lanes(claimed)).size).toBe(1_300);
      });
    });

    describe('lanes', () => {
      it('deliver in order: the next comes when the one before is settled', async () => {
        for (const payload of ['1', '2', '3']) await add('a', payload);
        const order: string[] = [];
        for (let i = 0; i < 3; i += 1) {
          const [claimed, ...rest] = await claimAll();
          expect(rest).toEqual([]);
          order.push(claimed!.payload);
          await settle(claimed!);
        }
        expect(order).toEqual(['1', '2', '3']);
      });

      it('do not wait for each other', async () => {
        for (const lane of ['a', 'b', 'c', 'a']) await add(lane);
        expect(lanes(await claimAll()).toSorted()).toEqual(['a', 'b', 'c']);
      });

      it('wait for a held head, and go on when it is discarded', async () => {
        const held = await outbox.accept(job('a', 'held'));
        await add('a', 'next');
        expect(await claimAll()).toEqual([]);
        await outbox.discard(held);
        expect((await claimAll()).map(({ payload }) => payload)).toEqual(['next']);
      });

      it('wait for a job that has to be tried again', async () => {
        await add('a', '1');
        await add('a', '2');
        const [first] = await claimAll();
        await outbox.fail(first!, failure());
        expect((await claimAll()).map(({ payload }) => payload)).toEqual(['1']);
      });

      it('wait behind a dead job until it is replayed', async () => {
        await add('a', '1');
        await add('a', '2');
        const [first] = await claimAll();
        expect(await outbox.fail(first!, failure({ maxAgeMs: 0 }))).toBe('dead');
        expect(await claimAll()).toEqual([]);
        expect(await outbox.replay({ customerKey: 'a' })).toBe(1);
        const [again] = await claimAll();
        expect(again!.payload).toBe('1');
        await settle(again!);
        expect((await claimAll()).map(({ payload }) => payload)).toEqual(['2']);
      });

      it('belong to one program', async () => {
        const other = await start({ program: 'other' });
        await add('a', 'mine');
        const id = await other.accept(job('a', 'theirs'));
        other.release(id);
        expect((await claimAll()).map(({ payload }) => payload)).toEqual(['mine']);
        expect((await claimAll(other)).map(({ payload }) => payload)).toEqual(['theirs']);
      });
    });

    describe('claims', () => {
      it('hand out no job twice, also not to another instance', async () => {
        for (let i = 0; i < 50; i += 1) await add(`${i}`);
        const other = await start();
        const claims = await Promise.all([
          claimAll(),
          claimAll(other),
          claimAll(),
          claimAll(other),
        ]);
        const ids = claims.flat().map(({ id }) => id);
        expect(ids).toHaveLength(50);
        expect(new Set(ids).size).toBe(50);
      });

      it('hand out no more than asked for', async () => {
        for (let i = 0; i < 20; i += 1) await add(`${i}`);
        expect((await outbox.claim(7)).jobs.length).toBeLessThanOrEqual(7);
      });

      it('are given back by handBack, unused', async () => {
        await add('a');
        const jobs = await claimAll();
        await outbox.handBack(jobs);
        expect(await claimAll()).toMatchObject([{ lane: 'a', attempts: 0 }]);
      });

      it('are given back when the outbox closes', async () => {
        await add('a');
        expect(await claimAll()).toHaveLength(1);
        await restart();
        expect(await claimAll()).toMatchObject([{ lane: 'a', attempts: 0 }]);
      });

      it('are lost when the job is no longer this process’s', async () => {
        await add('a');
        const [claimed] = await claimAll();
        await outbox.handBack([claimed!]);
        const other = await start();
        const [theirs] = await claimAll(other);
        await other.settle(theirs!, { type: 'settled', outcome: 'attributed' });
        expect(await settle(claimed!)).toBe(false);
        expect(await outbox.fail(claimed!, failure())).toBe('lost');
        expect((await outbox.stats()).outcomes).toEqual({ attributed: 1 });
      });
    });

    describe('failures', () => {
      it('are tried again after their delay, and counted', async () => {
        await add('a');
        const [first] = await claimAll();
        expect(await outbox.fail(first!, failure({ delayMs: 3_600_000 }))).toBe('postponed');
        expect(await claimAll()).toEqual([]);
        await add('b');
        const [second] = await claimAll();
        await outbox.fail(second!, failure());
        expect(await claimAll()).toMatchObject([{ lane: 'b', attempts: 1 }]);
      });

      it('that are due further ahead than any backoff are left over from a wrong clock, and due', async () => {
        const hasty = await start({ maxBackoffMs: 1_000 });
        await add('a');
        await outbox.fail((await claimAll())[0]!, failure({ delayMs: 7_200_000 }));
        expect(await claimAll(hasty)).toMatchObject([{ lane: 'a' }]);
      });

      it('say why, while the job is pending', async () => {
        await add('a');
        const [first] = await claimAll();
        await outbox.fail(first!, failure({ delayMs: 3_600_000, reason: '503' }));
        expect(await outbox.find('a')).toMatchObject([
          { state: 'pending', outcome: null, reason: '503', attempts: 1 },
        ]);
      });

      it('end as dead, keep what they said, and can be replayed by id', async () => {
        await add('a', '{"kept":true}');
        await add('b');
        for (const claimed of await claimAll())
          await outbox.fail(claimed, failure({ maxAgeMs: 0 }));
        const dead = await deadOf();
        expect(dead).toMatchObject([
          { customerKey: 'a', state: 'dead', outcome: 'dead', reason: '503' },
          { customerKey: 'b', state: 'dead' },
        ]);
        expect(await outbox.stats()).toMatchObject({ accepted: 2, pending: 0, dead: 2 });
        expect(await outbox.replay({ id: dead[0]!.id })).toBe(1);
        expect(await outbox.stats()).toMatchObject({ pending: 1, dead: 1 });
        expect(await claimAll()).toMatchObject([
          { lane: 'a', payload: '{"kept":true}', attempts: 0 },
        ]);
        expect(await outbox.replay({ kind: 'transaction' })).toBe(0);
        expect(await outbox.replay({ kind: 'attribution' })).toBe(1);
        expect(await outbox.replay({})).toBe(0);
      });

      it('no dead job is replayed by an id that is none', async () => {
        await add('a');
        await outbox.fail((await claimAll())[0]!, failure({ maxAgeMs: 0 }));
        for (const id of ['x', '', undefined as unknown as string, '1.5']) {
          expect(await outbox.replay({ id })).toBe(0);
        }
      });

      it('all dead jobs are listed, however many', async () => {
        const ids = await Promise.all(
          Array.from({ length: 450 }, (_, i) => outbox.accept(job(`${i}`))),
        );
        for (const id of ids) outbox.release(id);
        const jobs = await claimAll();
        await Promise.all(jobs.map((each) => outbox.fail(each, failure({ maxAgeMs: 0 }))));
        expect(await deadOf()).toHaveLength(450);
      });
    });

    describe('the gate', () => {
      it('closes for a rate limit, for all instances, and loses nothing', async () => {
        const other = await start();
        await outbox.report({ type: 'rate_limited', retryAfterMs: 600_000 });
        await add('a');
        expect(await claimAll()).toEqual([]);
        expect(await claimAll(other)).toEqual([]);
        expect(await outbox.stats()).toMatchObject({
          pending: 1,
          paused: { reason: 'rate_limited' },
        });
      });

      it('closes for a refused key, and opens for another key', async () => {
        await outbox.report({ type: 'key_refused' });
        await add('a');
        expect(await claimAll()).toEqual([]);
        expect(await outbox.stats()).toMatchObject({ paused: { reason: 'unauthorized' } });
        keyHash = 'mended';
        expect((await outbox.stats()).paused).toBeNull();
        expect(await claimAll()).toHaveLength(1);
      });

      it('opens when the key is accepted', async () => {
        await outbox.report({ type: 'key_refused' });
        await add('a');
        await outbox.report({ type: 'key_accepted' });
        expect(await claimAll()).toHaveLength(1);
      });

      it('closes after five transient failures in a row, and says so', async () => {
        for (let i = 0; i < 6; i += 1) await add(`${i}`);
        const jobs = await claimAll();
        for (const each of jobs.slice(0, 5)) await outbox.fail(each, failure({ jobOnly: false }));
        expect((await outbox.claim(10)).jobs).toEqual([]);
        expect((await outbox.stats()).paused).toMatchObject({ reason: 'breaker' });
        await settle(jobs[5]!);
        expect((await outbox.stats()).paused).toBeNull();
        expect(await claimAll()).toHaveLength(5);
      });

      it('is another program’s business', async () => {
        const other = await start({ program: 'other' });
        await outbox.report({ type: 'rate_limited', retryAfterMs: 600_000 });
        other.release(await other.accept(job('a')));
        expect(await claimAll(other)).toHaveLength(1);
      });

      it('keeps to an own limit of requests', async () => {
        const limited = await start({ requestsPerMinute: 60 });
        for (let i = 0; i < 5; i += 1) limited.release(await limited.accept(job(`${i}`)));
        const claims = await Promise.all([limited.claim(10), limited.claim(10), limited.claim(10)]);
        expect(claims.flatMap(({ jobs }) => jobs)).toHaveLength(1);
      });
    });

    describe('what became of it', () => {
      it('numbers add up, and survive a restart', async () => {
        for (let i = 0; i < 9; i += 1) await add(`${i}`);
        const jobs = await claimAll();
        await settle(jobs[0]!, 'attributed');
        await settle(jobs[1]!, 'attributed');
        await settle(jobs[2]!, 'rejected');
        await outbox.fail(jobs[3]!, failure({ maxAgeMs: 0 }));
        await outbox.fail(jobs[4]!, failure({ delayMs: 3_600_000 }));
        await outbox.discard(await outbox.accept(job('x')));
        const expected = {
          accepted: 10,
          pending: 5,
          dead: 1,
          outcomes: { attributed: 2, rejected: 1, discarded: 1 },
        };
        expect(await outbox.stats()).toMatchObject({
          ...expected,
          kinds: { attribution: expected },
        });
        await restart();
        expect(await outbox.stats()).toMatchObject(expected);
      });

      it('is found by customer, the newest first', async () => {
        await add('a', '1');
        const [first] = await claimAll();
        await outbox.settle(first!, {
          type: 'settled',
          outcome: 'already_registered',
          reason: '422 key',
          detail: { samePartner: true },
        });
        await add('a', '2');
        expect(await outbox.find('a')).toMatchObject([
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
        expect(await outbox.find('b')).toEqual([]);
      });

      it('forgets a customer, and nobody else, and still adds up', async () => {
        for (const [lane, outcome] of [
          ['a', 'attributed'],
          ['b', 'attributed'],
          ['a', 'rejected'],
        ]) {
          await add(lane!);
          await settle((await claimAll())[0]!, outcome);
        }
        await add('a');
        await outbox.fail((await claimAll())[0]!, failure({ delayMs: 60_000 }));
        expect(await outbox.forget('a')).toEqual({ forgotten: 3, underWay: 0 });
        expect(await outbox.find('a')).toEqual([]);
        expect(await outbox.find('b')).toHaveLength(1);
        expect(await outbox.stats()).toMatchObject({
          accepted: 4,
          pending: 0,
          outcomes: { attributed: 2, rejected: 1, discarded: 1 },
        });
        expect(await claimAll()).toEqual([]);
      });

      it('forgets nothing that is being delivered just now', async () => {
        await add('a');
        const [claimed] = await claimAll();
        expect(await outbox.forget('a')).toEqual({ forgotten: 0, underWay: 1 });
        await settle(claimed!);
        expect(await outbox.forget('a')).toEqual({ forgotten: 1, underWay: 0 });
      });

      it('tells the oldest that is pending', async () => {
        expect((await outbox.stats()).oldestPendingAt).toBeNull();
        await outbox.accept({ ...job('a'), acceptedAt: 1_000_000 });
        await outbox.accept(job('b'));
        expect((await outbox.stats()).oldestPendingAt).toEqual(new Date(1_000_000));
      });
    });

    describe('the program', () => {
      it('is remembered, with a salt of its own', async () => {
        const { salt } = await outbox.identity();
        expect(salt).toHaveLength(32);
        await outbox.remember({ keyHash: 'h' });
        await outbox.remember({ publicId: 'P' });
        await restart();
        expect(await outbox.identity()).toEqual({ salt, keyHash: 'h', publicId: 'P' });
        const other = await start({ program: 'other' });
        expect((await other.identity()).salt).not.toBe(salt);
      });

      it('is known once it was there', async () => {
        expect(await definition().knows('default')).toBe(true);
        expect(await definition().knows('other')).toBe(false);
      });
    });
  });
}
