import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import {
  inlineOutbox,
  OnPartneroEvent,
  PartneroService,
  type FailedHandler,
  type Outcome,
  type PartneroWebhookEvent,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps } from '../support/app.js';
import { deliver, SECRET } from '../support/deliveries.js';
import {
  called,
  calls,
  callsOf,
  Commissions,
  failing,
  forgetCalls,
  handled,
  inboxOf,
  path,
  refund,
  sale,
  startHandling,
} from '../support/event-handlers.js';
import { eventually } from '../support/eventually.js';
import { passUntil, useFakeClock, useRealClock } from '../support/fake-clock.js';
import { inOtherProcess } from '../support/sqlite-shell.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

beforeEach(forgetCalls);

afterEach(async () => {
  useRealClock();
  await closeApps();
});

afterAll(removeTemporaryFolders);

describe('a delivery that is repeated', () => {
  it('A repeated delivery is handled once, at the same time and later, also by another app on the same outbox', async () => {
    const [running, other] = [await startHandling(), await startHandling()];
    const body = sale();
    const together = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        deliver(`${i % 2 ? running.url : other.url}/hook`, body).then((each) => each.json()),
      ),
    );
    const queued = (together as { queued: number }[]).map((each) => each.queued);
    expect(queued.reduce((sum, n) => sum + n)).toBe(2);
    await handled(running, 2);
    await running.close();
    await other.close();
    const after = await startHandling();
    expect(await (await deliver(`${after.url}/hook`, body)).json()).toEqual({
      queued: 0,
      duplicates: 2,
    });
    const stats = await handled(after, 2);
    expect(stats).toMatchObject({ queued: 42, outcomes: { handled: 2, duplicate: 40 } });
    expect(calls).toHaveLength(2);
  });

  it('A delivery that differs in one byte is another event', async () => {
    const running = await startHandling();
    await deliver(`${running.url}/hook`, refund());
    await deliver(`${running.url}/hook`, `${refund()}\n`);
    await handled(running, 2);
  });
});

describe('a handler that fails', () => {
  it('A handler that fails gets the event again until it succeeds; the others do not', async () => {
    failing.add('add');
    const reported: [unknown, FailedHandler][] = [];
    const onHandlerError = (error: unknown, about: FailedHandler) =>
      void reported.push([error, about]);
    const running = await startHandling({ webhooks: { onHandlerError } });
    await deliver(`${running.url}/hook`, sale('inv-1', { email: 'ada@example.com' }));
    await eventually(() => callsOf('add').length >= 3);
    failing.clear();
    await handled(running, 2);
    expect(callsOf('count')).toHaveLength(1);
    const [error, about] = reported[1]!;
    expect(error).toBeInstanceOf(RangeError);
    expect(about).toEqual({
      handler: 'Commissions.add',
      event: 'transaction.created',
      eventId: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      attempt: 2,
    });
    const [warning, ...more] = running.logger.ours('warn');
    expect(warning).toMatch(
      /Commissions\.add threw RangeError on the event transaction\.created [0-9a-f]{64} \(attempt 1\), at .*event-handlers/,
    );
    expect([more, running.logger.text.includes('ada@example.com')]).toEqual([[], false]);
  });

  it('Whatever a handler or onHandlerError throws, the event is handled in the end', async () => {
    @Injectable()
    class Hostile {
      private n = 0;

      @OnPartneroEvent('transaction.created')
      add() {
        this.n += 1;
        const thrown: unknown[] = [
          undefined,
          'a text',
          Object.assign(new Error('ada@example.com'), { name: 'ada@example.com', stack: 7 }),
          Object.assign(new Error('x'), { stack: 'at ada@example.com:1:1' }),
        ];
        if (this.n <= thrown.length) throw thrown[this.n - 1];
      }
    }
    const running = await startHandling(
      {
        webhooks: {
          onHandlerError: (_, { attempt }) => {
            if (attempt === 1) throw new Error('ours');
            return Promise.reject(new Error('ours')) as unknown as undefined;
          },
        },
      },
      [Hostile],
    );
    await deliver(`${running.url}/hook`, sale());
    await handled(running, 1);
    expect(running.logger.text).toContain('webhooks.onHandlerError threw');
    expect(running.logger.text).toContain('threw something');
  });

  it('A handler that fails stops neither other events nor deliveries to Partnero', async () => {
    failing.add('add');
    const fake = await FakePartnero.start({ partners: ['ann'] });
    const running = await startHandling({ apiKey: fake.apiKey, baseUrl: fake.baseUrl });
    for (let i = 0; i < 20; i += 1) await deliver(`${running.url}/hook`, sale(`inv-${i}`));
    await eventually(() => callsOf('add').length > 40);
    await eventually(() => callsOf('count').length === 20);
    const partnero = running.app.get(PartneroService);
    const referral = partnero.referralFrom({ key: 'ann' });
    expect(await partnero.attribute(referral, { id: 'u1' })).toBe('queued');
    await eventually(() => fake.customers.length === 1);
    await fake.stop();
  });

  it('Events are handled though Partnero rejects the API key', async () => {
    const fake = await FakePartnero.start({ partners: ['ann'] });
    const running = await startHandling({
      apiKey: 'wrong',
      baseUrl: fake.baseUrl,
      verifyOnBoot: false,
    });
    const partnero = running.app.get(PartneroService);
    await partnero.attribute(partnero.referralFrom({ key: 'ann' }), { id: 'u1' });
    await eventually(async () => (await partnero.outbox.stats()).paused);
    await deliver(`${running.url}/hook`, sale());
    await handled(running, 2);
    expect(await partnero.outbox.stats()).toMatchObject({ pending: 1 });
    await fake.stop();
  });

  it('An event that fails for longer than maxAgeDays moves to the dead letters, is reported, and can be requeued', async () => {
    failing.add('add');
    const outcomes: Outcome[] = [];
    const onOutcome = (outcome: Outcome) => void outcomes.push(outcome);
    const running = await startHandling({ onOutcome, delivery: { maxAgeDays: 0 } });
    const inbox = inboxOf(running);
    await deliver(`${running.url}/hook`, sale());
    await eventually(async () => (await inbox.stats()).dead === 1);
    const dead = [];
    for await (const entry of inbox.deadLetters()) dead.push(entry);
    expect(dead).toMatchObject([
      { handler: 'Commissions.add', state: 'dead', outcome: 'dead', reason: 'RangeError' },
    ]);
    const { eventId, id } = dead[0]!;
    const found = await inbox.find({ eventId });
    expect(found.map(({ handler, outcome }) => `${handler} ${outcome}`).toSorted()).toEqual([
      'Commissions.add dead',
      'Commissions.count handled',
    ]);
    expect(await inbox.stats()).toMatchObject({
      program: 'default',
      queued: 2,
      pending: 0,
      dead: 1,
      outcomes: { handled: 1 },
      jobs: { 'Commissions.add': { dead: 1 }, 'Commissions.count': { dead: 0 } },
    });
    expect(running.logger.ours('warn').join()).toContain(
      'webhooks.inbox.requeue() has it handled again',
    );
    expect(
      outcomes
        .map(({ outcome, jobName, program, route }) => `${program} ${jobName} ${route}: ${outcome}`)
        .toSorted(),
    ).toEqual(['default event Commissions.add: dead', 'default event Commissions.count: handled']);
    expect(JSON.stringify(outcomes)).not.toContain('inv-1');

    failing.clear();
    expect(await inbox.requeue({ handler: 'Commissions.count' })).toBe(0);
    expect(await inbox.requeue(id)).toBe(1);
    await handled(running, 2);
    expect(callsOf('count')).toHaveLength(1);
    expect(await inbox.requeue({})).toBe(0);
    // The dead letter of inv-1 was the same event all the time.
    await deliver(`${running.url}/hook`, sale('inv-2'));
    await handled(running, 4);
  });

  it('An event can be forgotten', async () => {
    failing.add('add');
    const running = await startHandling({ delivery: { maxAgeDays: 0 } });
    const inbox = inboxOf(running);
    await deliver(`${running.url}/hook`, sale());
    await eventually(async () => (await inbox.stats()).dead === 1);
    for await (const { eventId } of inbox.deadLetters()) {
      expect(await inbox.forget({ eventId })).toEqual({ forgotten: 2, inFlight: 0 });
      expect(await inbox.find({ eventId })).toEqual([]);
    }
    expect(await inbox.requeue({})).toBe(0);
  });
});

describe('a handler that was removed by a deploy', () => {
  @Injectable()
  class Renamed {
    @OnPartneroEvent('transaction.created', { id: 'Commissions.add' })
    insert(event: PartneroWebhookEvent) {
      called('insert', event);
    }
  }

  it.each([
    ['other handlers are left', [class Rest extends Commissions {}]],
    ['no handlers are left', []],
  ])(
    'Events of a handler that was removed stay pending, and a warning says so: %s',
    async (_, providers) => {
      failing.add('add').add('count');
      const before = await startHandling();
      await deliver(`${before.url}/hook`, sale());
      await eventually(() => calls.length >= 2);
      await before.close();
      failing.clear();
      calls.length = 0;

      const between = await startHandling({}, providers);
      await eventually(() => between.logger.ours('warn').length >= 2);
      expect(between.logger.ours('warn').join()).toMatch(
        /Events are queued for the handler Commissions\.(add|count), which this app doesn't have/,
      );
      expect(await inboxOf(between).stats()).toMatchObject({ pending: 2, dead: 0 });
      await between.close();

      const after = await startHandling({}, [Renamed]);
      await eventually(() => calls.length === 1);
      expect(calls).toEqual(['insert transaction.created']);
      const inbox = inboxOf(after);
      const { pending, jobs } = await eventually(async () => {
        const stats = await inbox.stats();
        return stats.pending === 1 && stats;
      });
      expect([pending, jobs['Commissions.count']]).toMatchObject([1, { pending: 1 }]);
    },
  );
});

describe('a saved event', () => {
  it('An event is on disk before the response, and erased once it is handled', async () => {
    let release!: () => void;
    @Injectable()
    class Slow {
      @OnPartneroEvent('*')
      async take() {
        await new Promise<void>((resolve) => (release = resolve));
      }
    }
    const running = await startHandling({}, [Slow]);
    const rows = () =>
      inOtherProcess(path, 'SELECT name, payload, outcome FROM jobs WHERE payload IS NOT NULL')
        .rows;
    await deliver(`${running.url}/hook`, sale('inv-1', { email: 'ada@example.com' }));
    expect(rows()).toMatchObject([
      { name: 'Slow.take', payload: expect.stringContaining('ada@example.com') as string },
    ]);
    await eventually(() => release);
    release();
    await handled(running, 1);
    expect(rows()).toEqual([]);
    await running.close();
    expect(readFileSync(path, 'latin1')).not.toContain('ada@example.com');
  });

  it('A pending event does not delay a shutdown, and is handled after the next start', async () => {
    failing.add('add');
    const running = await startHandling();
    await deliver(`${running.url}/hook`, sale());
    await eventually(() => calls.length >= 2);
    await running.close();
    expect(running.logger.ours('log').join()).toContain(`1 pending events stay in ${path}`);
    failing.clear();
    const again = await startHandling();
    await handled(again, 2);
  });

  it('An event that can’t be saved is refused with 503, so that Partnero delivers it again', async () => {
    const running = await startHandling();
    const { webhooks } = running.app.get(PartneroService);
    await running.app.close();
    const event = {
      id: 'x',
      program: 'default',
      type: 'transaction.created',
      name: 'transaction.created',
      data: {},
      envelope: {},
    } as unknown as PartneroWebhookEvent;
    await expect(webhooks.dispatch(event)).rejects.toMatchObject({
      status: 503,
      message: 'The event could not be saved; Partnero will deliver it again.',
    });
  });

  it('An event that a process only queues is handled by another process', async () => {
    const accepting = await startHandling({ delivery: { concurrency: 0 } });
    await deliver(`${accepting.url}/hook`, sale());
    expect(await inboxOf(accepting).stats()).toMatchObject({ pending: 2 });
    const handling = await startHandling();
    await handled(handling, 2);
  });
});

describe('backoff', () => {
  it('The backoff grows from one attempt to the next, until maxAgeDays are over', async () => {
    failing.add('add');
    const running = await startHandling({
      delivery: { initialBackoffMs: 10_000, maxBackoffMs: 600_000, maxAgeDays: 0.05 },
    });
    const inbox = inboxOf(running);
    useFakeClock();
    await deliver(`${running.url}/hook`, sale());
    const passed = await passUntil(async () => (await inbox.stats()).dead === 1, 7_200_000, 20_000);
    expect(passed).toBeGreaterThanOrEqual(0.05 * 86_400_000);
    // Without growing, it would be hundreds.
    expect(callsOf('add').length).toBeLessThan(60);
    expect(callsOf('count')).toHaveLength(1);
  });
});

describe('inlineOutbox()', () => {
  const inline = { outbox: inlineOutbox() };

  it('With inlineOutbox() an event is handled before the response', async () => {
    const running = await startHandling(inline);
    const response = await deliver(`${running.url}/hook`, sale());
    expect([response.status, await response.json()]).toEqual([201, { queued: 2, duplicates: 0 }]);
    expect(calls).toHaveLength(2);
    expect(await inboxOf(running).stats()).toMatchObject({ queued: 0, pending: 0 });
    expect(await inboxOf(running).find({ eventId: 'x' })).toEqual([]);
  });

  it('With inlineOutbox() an event is refused if a handler fails, so that Partnero delivers it again', async () => {
    failing.add('add');
    const errors: unknown[] = [];
    const running = await startHandling({
      ...inline,
      webhooks: { onHandlerError: (error) => void errors.push(error) },
    });
    const fake = await FakePartnero.start();
    const url = `${running.url}/hook`;
    const sent = fake.sendEvent(
      'transaction.created',
      { email: 'ada@example.com' },
      {
        url,
        secret: SECRET,
        backoffMs: 10,
      },
    );
    await eventually(() => errors.length >= 2);
    failing.clear();
    const [delivery] = await sent;
    expect(delivery!.delivered).toBe(true);
    expect(delivery!.statuses.slice(0, 2)).toEqual([500, 500]);
    expect(running.logger.ours().join()).not.toContain('ada@example.com');
    await fake.stop();
  });
});
