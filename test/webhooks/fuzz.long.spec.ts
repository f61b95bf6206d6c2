import { Controller, Post } from '@nestjs/common';
import { PartneroModule, PartneroWebhook } from 'nestjs-partnero';
import { signPartneroEvent } from 'nestjs-partnero/testing';
import { WebhookVerifier } from '#lib/webhooks/webhook.verifier.js';
import { resolveWebhooksOptions } from '#lib/webhooks/webhooks.options.js';
import { ADAPTERS, closeApps, startApp } from '../support/app.js';
import { deliver, eventBody, SECRET } from '../support/deliveries.js';
import { mutate, random } from '../support/mutations.js';

const SEED = 20_261_125;
const data = { key: 'inv-1', amount: 49.9, customer: 'user-1', name: 'Zoë "/" ' };
const body = Buffer.from(eventBody('transaction.created', data));
const right = { body, signature: signPartneroEvent(body, SECRET) };

let received = 0;

@Controller()
class WebhookController {
  @Post('hook')
  @PartneroWebhook()
  receive() {
    received += 1;
  }
}

afterEach(closeApps);

it('None of a million mutated deliveries is accepted', () => {
  const webhooks = resolveWebhooksOptions({ secret: ['an-older-secret', SECRET] }, 'default', {});
  const log = { log() {}, warn() {}, error() {} };
  const options = { name: 'default', enabled: undefined, webhooks };
  const verifier = new WebhookVerifier(options, { routesOf: () => [] }, log);
  const next = random(SEED);
  const answers = new Map<unknown, number>();
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  for (let i = 0; i < 1_000_000; i += 1) {
    const mutated = i % 1_000 === 0 ? right : mutate(right, next, true);
    const { signature } = mutated;
    let answer: unknown;
    try {
      answer = verifier.verify({ headers: { signature }, rawBody: mutated.body }).name;
    } catch (error) {
      answer = (error as { status?: number }).status;
    }
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
  Error.stackTraceLimit = limit;
  // One in a thousand wasn't mutated.
  expect(Object.fromEntries(answers)).toEqual({ 'transaction.created': 1_000, 401: 999_000 });
}, 120_000);

it.each(ADAPTERS)(
  'None of some thousands of mutated deliveries is accepted over HTTP, on %s',
  async (adapter) => {
    const { url } = await startApp({
      adapter,
      options: { rawBody: true },
      imports: [PartneroModule.forRoot({ webhooks: { secret: SECRET } })],
      controllers: [WebhookController],
    });
    received = 0;
    const next = random(SEED);
    const statuses = new Set<number>();
    const send = async (n: number) => {
      const { body: bytes, signature } = n % 100 === 0 ? right : mutate(right, next, false);
      const response = await deliver(`${url}/hook`, new Uint8Array(bytes), {
        signature: String(signature),
      });
      await response.arrayBuffer();
      if (n % 100 !== 0) statuses.add(response.status);
    };
    for (let i = 0; i < 3_000; i += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, j) => send(i + j)));
    }
    expect(received).toBe(30);
    // 400: it is no JSON any more, which the body parser finds first.
    expect([...statuses].toSorted((one, other) => one - other)).toEqual([400, 401]);
  },
);
