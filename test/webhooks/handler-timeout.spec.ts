import { Injectable } from '@nestjs/common';
import { OnPartneroEvent, type FailedHandler, type PartneroWebhookEvent } from 'nestjs-partnero';
import { closeApps, type RunningApp } from '../support/app.js';
import { deliver, eventBody } from '../support/deliveries.js';
import { forgetCalls, inboxOf, startHandling } from '../support/event-handlers.js';
import { eventually } from '../support/eventually.js';
import { passUntil, useFakeTimers, useRealClock } from '../support/fake-clock.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let hanging: AbortSignal[];
let quick: string[];

@Injectable()
class Handlers {
  @OnPartneroEvent('*', { id: 'hangs' })
  hang(_event: PartneroWebhookEvent, signal: AbortSignal): Promise<void> {
    hanging.push(signal);
    return new Promise(() => {});
  }

  @OnPartneroEvent('*', { id: 'quick' })
  handle(event: PartneroWebhookEvent): void {
    quick.push(event.id);
  }
}

beforeEach(() => {
  forgetCalls();
  hanging = [];
  quick = [];
});

afterEach(async () => {
  useRealClock();
  await closeApps();
});

afterAll(removeTemporaryFolders);

/** Without waiting in real time for handlers that hang. */
async function close(running: RunningApp): Promise<void> {
  useFakeTimers();
  let closed = false;
  void running.close().then(() => (closed = true));
  await passUntil(() => closed, 20_000);
}

const send = (url: string, n: number) =>
  deliver(`${url}/hook`, eventBody('partner.created', { id: String(n) }));

it('A handler that hangs has failed after webhooks.handlerTimeoutMs, and its signal is aborted', async () => {
  const errors: [unknown, FailedHandler][] = [];
  const running = await startHandling(
    {
      webhooks: {
        handlerTimeoutMs: 40,
        onHandlerError: (error, about) => errors.push([error, about]),
      },
    },
    [Handlers],
  );
  await send(running.url, 1);
  await eventually(() => errors.length >= 2);
  expect(hanging[0]!.aborted).toBe(true);
  expect(errors[0]).toMatchObject([
    { name: 'HandlerTimeoutError', message: expect.stringContaining('40 ms') as string },
    { handler: 'hangs', event: 'partner.created', attempt: 1 },
  ]);
  const entries = await inboxOf(running).find({ eventId: quick[0]! });
  const entry = entries.find(({ handler }) => handler === 'hangs');
  expect(entry).toMatchObject({ reason: 'HandlerTimeoutError' });
});

it('A handler that hangs on many events delays no other handler', async () => {
  const running = await startHandling({ delivery: { concurrency: 3 } }, [Handlers]);
  for (let n = 0; n < 20; n += 1) await send(running.url, n);
  await eventually(() => quick.length === 20, 5_000);
  expect(hanging).toHaveLength(3);
  const { jobs } = await inboxOf(running).stats();
  expect(jobs).toMatchObject({ quick: { pending: 0 }, hangs: { pending: 20 } });
  await close(running);
});

it('Ten handlers that do not complete delay no other handler', async () => {
  class Waiting {
    readonly started: string[] = [];
  }
  for (let n = 0; n < 10; n += 1) {
    const descriptor = {
      value(this: Waiting, event: PartneroWebhookEvent) {
        this.started.push(event.id);
        return new Promise<void>(() => {});
      },
      configurable: true,
    };
    OnPartneroEvent('*', { id: `waiting ${n}` })(Waiting.prototype, `wait${n}`, descriptor);
    Object.defineProperty(Waiting.prototype, `wait${n}`, descriptor);
  }
  const running = await startHandling({ delivery: { concurrency: 2 } }, [Waiting, Handlers]);
  for (let n = 0; n < 20; n += 1) await send(running.url, n);
  await eventually(() => quick.length === 20, 10_000);
  expect(running.app.get(Waiting).started).toHaveLength(20);
  expect(new Set(quick).size).toBe(20);
  await close(running);
});

it('An app that stops does not abort the signal of a handler that has completed', async () => {
  const signals: AbortSignal[] = [];
  class Listening {
    handle(_event: PartneroWebhookEvent, signal: AbortSignal): void {
      signal.addEventListener('abort', () => {});
      signals.push(signal);
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Listening.prototype, 'handle')!;
  OnPartneroEvent('*', { id: 'listens' })(Listening.prototype, 'handle', descriptor);
  const running = await startHandling({}, [Listening]);
  await send(running.url, 1);
  await eventually(async () => (await inboxOf(running).stats()).outcomes['handled'] === 1);
  await running.close();
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});

it('An app that stops aborts the signal of a handler that is still running', async () => {
  const running = await startHandling({}, [Handlers]);
  await send(running.url, 1);
  await eventually(() => hanging.length === 1);
  expect(hanging[0]!.aborted).toBe(false);
  await close(running);
  expect(hanging[0]!.aborted).toBe(true);
});

it('webhooks.handlerTimeoutMs is checked', async () => {
  const starting = startHandling({ webhooks: { handlerTimeoutMs: 0 } }, [Handlers]);
  await expect(starting).rejects.toThrow('webhooks.handlerTimeoutMs');
});
