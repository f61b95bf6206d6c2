import { Injectable } from '@nestjs/common';
import { OnPartneroEvent, PartneroService, type PartneroWebhookEvent } from 'nestjs-partnero';
import { ADAPTERS, closeApps } from '../support/app.js';
import { deliver, eventBody } from '../support/deliveries.js';
import { forgetCalls, handled, inboxOf, startHandling } from '../support/event-handlers.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

/** Line breaks, escape sequences, and marks that reorder or hide text. */
const ODD = 'a\nb\rc\u2028d\u0085e\u001b[31mf\u009bg\u202eh\u200bi';
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

@Injectable()
class Failing {
  @OnPartneroEvent('*', { id: 'failing' })
  handle(event: PartneroWebhookEvent) {
    const error = new Error(`on ${event.name}`);
    throw Object.assign(error, { stack: `${error.message}\n    at x\u001b[2Jy (/app/a.js:1:2)` });
  }
}

@Injectable()
class Everything {
  @OnPartneroEvent('*')
  handle() {}
}

beforeEach(forgetCalls);

afterEach(closeApps);

afterAll(removeTemporaryFolders);

const nested = (levels: number, [open, close]: readonly [string, string]) =>
  `{"event":"partner.created","data":${open.repeat(levels)}0${close.repeat(levels)}}`;

const LISTS = ['[', ']'] as const;
const OBJECTS = ['{"a":', '}'] as const;

describe.each(ADAPTERS)('A signed event on %s', (adapter) => {
  it.each([
    ['lists', 5_000, LISTS],
    ['objects', 5_000, OBJECTS],
    ['lists', 40_000, LISTS],
    ['objects', 15_000, OBJECTS],
  ])('of nested %s, %i levels deep, is refused with 400', async (_, levels, brackets) => {
    const running = await startHandling({}, [Everything], { adapter });
    const { status } = await deliver(`${running.url}/hook`, nested(levels, brackets));
    expect(status).toBe(400);
    expect(running.logger.text).not.toContain('Maximum call stack');
    expect((await deliver(`${running.url}/hook`, eventBody('partner.created'))).status).toBe(201);
    await handled(running, 1);
  });

  it('that is nested as deep as events may be is handled', async () => {
    const running = await startHandling({}, [Everything], { adapter });
    expect((await deliver(`${running.url}/hook`, nested(90, OBJECTS))).status).toBe(201);
    await handled(running, 1);
  });

  it.each([
    ['created_at', { toString: 1, valueOf: 1 }],
    ['created_at', [['2026-05-02']]],
    ['timestamp', { toString: null }],
    ['webhook_key', { toString: 1 }],
    ['created_at', 1e300],
  ])('whose %s is %j has no such fact, and is handled', async (field, value) => {
    const running = await startHandling({}, [Everything], { adapter });
    const body = JSON.stringify({ event: 'partner.created', data: {}, [field]: value });
    expect((await deliver(`${running.url}/hook`, body)).status).toBe(201);
    await handled(running, 1);
  });
});

describe('No log line has a line break or a control character', () => {
  it('of the name of an event that a handler fails on', async () => {
    const running = await startHandling({ delivery: { maxAgeDays: 0 } }, [Failing]);
    await deliver(`${running.url}/hook`, eventBody(ODD));
    await eventually(async () => (await inboxOf(running).stats()).dead === 1);
    const lines = running.logger.ours();
    expect(lines.join()).toContain('failing threw Error on the event a\uFFFDb');
    expect(lines.filter((line) => UNPRINTABLE.test(line))).toEqual([]);
  });

  it('of the id, the name or the program of an event that the app dispatches', async () => {
    const running = await startHandling({}, [Failing]);
    const { webhooks } = running.app.get(PartneroService);
    const event = {
      id: ODD,
      name: ODD,
      type: 'unknown',
      program: 'default',
      data: {},
      envelope: {},
    };
    const dispatched = { ...event, envelope: { event: ODD } } as unknown as PartneroWebhookEvent;
    await webhooks.dispatch(dispatched);
    await eventually(() => running.logger.ours('warn').length > 0);
    expect(running.logger.ours().filter((line) => UNPRINTABLE.test(line))).toEqual([]);
    const elsewhere = webhooks.dispatch({ ...dispatched, program: ODD });
    const message = await elsewhere.catch((error: unknown) => (error as Error).message);
    expect(message).toContain('was dispatched to');
    expect(message).not.toMatch(UNPRINTABLE);
  });

  it('of the id of a handler that is gone', async () => {
    class Odd {
      handle() {
        throw new Error('not yet');
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Odd.prototype, 'handle')!;
    OnPartneroEvent('*', { id: ODD })(Odd.prototype, 'handle', descriptor);
    const before = await startHandling({}, [Odd]);
    await deliver(`${before.url}/hook`, eventBody('partner.created'));
    await eventually(() => before.logger.ours('warn').length > 0);
    await before.close();
    const after = await startHandling({}, []);
    await eventually(() => after.logger.ours('warn').length > 0);
    expect(after.logger.ours('warn').join()).toContain("which this app doesn't have");
    const lines = [...before.logger.ours(), ...after.logger.ours()];
    expect(lines.filter((line) => UNPRINTABLE.test(line))).toEqual([]);
  });
});
