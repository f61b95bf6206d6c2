import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { Body, Controller, Injectable, Post } from '@nestjs/common';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AttributeReferral,
  OnPartneroEvent,
  sqliteOutbox,
  type PartneroModuleOptions,
} from 'nestjs-partnero';
import { PartneroOpenTelemetryModule } from 'nestjs-partnero/opentelemetry';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp, type AdapterName } from '../support/app.js';
import { deliver, eventBody, SECRET } from '../support/deliveries.js';
import { eventually } from '../support/eventually.js';
import { visit } from '../support/sign-up-client.js';
import {
  MetricsController,
  registerTelemetry,
  scrape,
  spansOf,
  unregisterTelemetry,
} from '../support/telemetry.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { WebhookController } from '../support/webhook.controller.js';

@Controller()
class AuthController {
  @Post('signup')
  @AttributeReferral()
  signUp(@Body() body: { id: string }) {
    return body;
  }
}

@Injectable()
class Handlers {
  @OnPartneroEvent('partner.created')
  welcome() {
    trace.getTracer('app').startSpan('welcome').end();
  }
}

let fake: FakePartnero;
let path: string;

beforeEach(async () => {
  registerTelemetry();
  path = `${temporaryFolder()}/outbox.db`;
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
  unregisterTelemetry();
});

afterAll(removeTemporaryFolders);

function start(adapter: AdapterName = 'express', options: PartneroModuleOptions = {}) {
  const outbox = sqliteOutbox({ path });
  return startApp({
    adapter,
    options: { rawBody: true },
    imports: [
      partnero(fake, { outbox, webhooks: { secret: SECRET }, ...options }),
      PartneroOpenTelemetryModule,
    ],
    controllers: [
      AuthController,
      WebhookController,
      ...(adapter === 'express' ? [MetricsController] : []),
    ],
    providers: [Handlers],
    prepare: (app) => {
      app.use((_request: unknown, _response: unknown, next: () => void) => {
        trace.getTracer('app').startActiveSpan('request', (span) => {
          next();
          span.end();
        });
      });
    },
  });
}

const signUp = (url: string, id: string) =>
  visit(`${url}/signup`, { partner: 'ann', body: { id, email: `${id}@example.com` } });

/** The value of the sample with these labels; 0 if there is none. */
async function metric(url: string, name: string, labels: Record<string, string> = {}) {
  const samples = (await scrape(url)).filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  expect(samples.length).toBeLessThanOrEqual(1);
  return samples[0]?.value ?? 0;
}

describe('spans', () => {
  it.each(ADAPTERS)(
    'on %s, queueing is in the trace of the sign-up, and the delivery is linked to it',
    async (adapter) => {
      const { url } = await start(adapter);
      await signUp(url, 'u1');
      const [delivery] = await eventually(() => {
        const ended = spansOf('partnero deliver attribution');
        return ended.length > 0 && ended;
      });
      const [request] = spansOf('request');
      const [queueing] = spansOf('partnero queue attribution');
      expect(queueing?.parentSpanContext?.spanId).toBe(request!.spanContext().spanId);
      expect(queueing?.spanContext().traceId).toBe(request!.spanContext().traceId);
      expect(delivery?.parentSpanContext).toBeUndefined();
      expect(delivery?.spanContext().traceId).not.toBe(request!.spanContext().traceId);
      expect(
        delivery?.links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId })),
      ).toEqual([
        { traceId: queueing!.spanContext().traceId, spanId: queueing!.spanContext().spanId },
      ]);
      expect(delivery?.attributes).toEqual({
        'partnero.program': 'default',
        'partnero.job': 'attribution',
        'partnero.job.id': queueing!.attributes['partnero.job.id'],
        'partnero.result': 'completed',
        'partnero.outcome': 'attributed',
      });
    },
  );

  it('a delivery after a restart is linked to the sign-up before it', async () => {
    const first = await start('express', { delivery: { concurrency: 0 } });
    await signUp(first.url, 'u1');
    await first.close();
    await start();
    const [delivery] = await eventually(() => {
      const ended = spansOf('partnero deliver attribution');
      return ended.length > 0 && ended;
    });
    const [queueing] = spansOf('partnero queue attribution');
    expect(delivery?.links[0]?.context.spanId).toBe(queueing!.spanContext().spanId);
  });

  it('what a handler of an event traces is in the span of its delivery', async () => {
    const { url } = await start();
    await deliver(`${url}/hook`, eventBody('partner.created'));
    const [welcome] = await eventually(() => spansOf('welcome').length > 0 && spansOf('welcome'));
    const [delivery] = await eventually(() => {
      const ended = spansOf('partnero deliver event');
      return ended.length > 0 && ended;
    });
    expect(welcome?.parentSpanContext?.spanId).toBe(delivery!.spanContext().spanId);
    expect(delivery?.links).toHaveLength(1);
  });

  it('requests to Partnero are made in the span of their delivery', async () => {
    const { url } = await start();
    const seen: (string | undefined)[] = [];
    const onRequest = (message: unknown) => {
      const { request } = message as { request: ClientRequest };
      if (!request.path.endsWith('/customers')) return;
      seen.push(trace.getActiveSpan()?.spanContext().spanId);
    };
    subscribe('http.client.request.start', onRequest);
    await signUp(url, 'u1');
    const [delivery] = await eventually(() => {
      const ended = spansOf('partnero deliver attribution');
      return ended.length > 0 && ended;
    });
    unsubscribe('http.client.request.start', onRequest);
    expect(seen).toEqual([delivery!.spanContext().spanId]);
  });

  it('a failed attempt has a span of its own, with the reason', async () => {
    fake.misbehave({ type: 'status', status: 503 }, { on: 'POST /customers', times: 1 });
    const { url } = await start();
    await signUp(url, 'u1');
    const attempts = await eventually(() => {
      const ended = spansOf('partnero deliver attribution');
      return ended.length > 1 && ended;
    });
    expect(attempts.map(({ status }) => status)).toEqual([
      { code: SpanStatusCode.ERROR, message: '503' },
      { code: SpanStatusCode.UNSET },
    ]);
  });

  it('no span holds personal data or the API key', async () => {
    const { url } = await start();
    await signUp(url, 'u1');
    await eventually(() => spansOf('partnero deliver attribution').length > 0);
    const names = ['partnero queue attribution', 'partnero deliver attribution'];
    const all = JSON.stringify(names.flatMap(spansOf).map(({ attributes }) => attributes));
    expect(all).toContain('attributed');
    expect(all).not.toContain('u1');
    expect(all).not.toContain(fake.apiKey);
  });
});

describe('metrics', () => {
  it('count jobs by outcome, retries and webhooks, and measure deliveries', async () => {
    fake.misbehave({ type: 'status', status: 503 }, { on: 'POST /customers', times: 1 });
    const { url } = await start();
    await signUp(url, 'u1');
    await deliver(`${url}/hook`, eventBody('partner.created'));
    const job = { partnero_program: 'default', partnero_job: 'attribution' };
    const outcome = { ...job, partnero_outcome: 'attributed' };
    await eventually(async () => (await metric(url, 'partnero_jobs_ended_total', outcome)) === 1);
    expect(await metric(url, 'partnero_jobs_queued_total', job)).toBe(1);
    expect(await metric(url, 'partnero_jobs_retries_total', job)).toBe(1);
    const event = { partnero_event: 'partner.created' };
    expect(await metric(url, 'partnero_webhooks_received_total', event)).toBe(1);
    const completed = { ...job, partnero_result: 'completed' };
    const failed = { ...job, partnero_result: 'retry' };
    expect(await metric(url, 'partnero_delivery_duration_count', completed)).toBe(1);
    expect(await metric(url, 'partnero_delivery_duration_count', failed)).toBe(1);
    expect(await metric(url, 'partnero_delivery_duration_sum', completed)).toBeGreaterThan(0);
  });

  it('show what is pending and its age, and sign-ups that were not queued', async () => {
    const { url } = await start('express', { delivery: { concurrency: 0 } });
    await signUp(url, 'u1');
    await visit(`${url}/signup`, { body: { id: 'u2' } });
    const box = { partnero_box: 'outbox' };
    expect(await metric(url, 'partnero_jobs_pending', box)).toBe(1);
    await eventually(async () => (await metric(url, 'partnero_jobs_oldest_age', box)) > 0);
    expect(await metric(url, 'partnero_outbox_writable', box)).toBe(1);
    const noReferral = { partnero_outcome: 'no_referral' };
    expect(await metric(url, 'partnero_sign_ups_not_queued_total', noReferral)).toBe(1);
  });

  it('count each job once, though two apps in one process have the module', async () => {
    const { url } = await start();
    const other = path;
    path = `${temporaryFolder()}/outbox.db`;
    await start('fastify');
    path = other;
    await signUp(url, 'u1');
    const job = { partnero_job: 'attribution' };
    await eventually(async () => (await metric(url, 'partnero_jobs_ended_total', job)) > 0);
    expect(await metric(url, 'partnero_jobs_ended_total', job)).toBe(1);
    expect(await metric(url, 'partnero_jobs_queued_total', job)).toBe(1);
  });
});

it('once the app has closed, nobody listens any more', async () => {
  const { close } = await start();
  const isHeard = () =>
    ['nestjs-partnero:queued', 'tracing:nestjs-partnero:deliver:start'].map(
      (name) => channel(name).hasSubscribers,
    );
  expect(isHeard()).toEqual([true, true]);
  await close();
  expect(isHeard()).toEqual([false, false]);
});
