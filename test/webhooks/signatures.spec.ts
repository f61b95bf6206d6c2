import { connect } from 'node:net';
import { Controller, Post } from '@nestjs/common';
import {
  PartneroEvent,
  PartneroModule,
  PartneroWebhook,
  type PartneroWebhookEvent,
  type WebhooksOptions,
} from 'nestjs-partnero';
import { signPartneroEvent } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, startApp, type AdapterName } from '../support/app.js';
import { deliver, eventBody, SECRET } from '../support/deliveries.js';
import { JSON_STYLES } from '../support/odd-json.js';

let received: PartneroWebhookEvent[];

@Controller()
class WebhookController {
  @Post('hook')
  @PartneroWebhook()
  receive(@PartneroEvent() event: PartneroWebhookEvent) {
    received.push(event);
    return { ok: true };
  }
}

beforeEach(() => {
  received = [];
});

afterEach(closeApps);

async function start(adapter: AdapterName, webhooks: WebhooksOptions = { secret: SECRET }) {
  const { url, logger } = await startApp({
    adapter,
    options: { rawBody: true },
    imports: [PartneroModule.forRoot({ webhooks })],
    controllers: [WebhookController],
  });
  return { hook: `${url}/hook`, logger };
}

describe.each(ADAPTERS)('@PartneroWebhook() on %s', (adapter) => {
  it('A signed event is accepted as it was sent', async () => {
    const { hook } = await start(adapter);
    const data = { key: 'inv-1', amount: 99.99, rewards: [{ amount: 29.997 }] };
    const body = eventBody('transaction.created', data, {
      created_at: '2026-05-02T16:12:39.000000Z',
      more: 'of it',
    });
    expect((await deliver(hook, body)).status).toBe(201);
    expect(received).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        type: 'transaction.created',
        name: 'transaction.created',
        data,
        createdAt: new Date('2026-05-02T16:12:39Z'),
        webhookKey: 'wh_1',
        program: 'default',
        envelope: JSON.parse(body) as object,
      },
    ]);
  });

  it.each(['compact', 'spaced', 'php'] as const)(
    'JSON of the style %s is accepted',
    async (json) => {
      const { hook } = await start(adapter);
      const data = { name: 'Zoë 😀 "/"', url: 'https://example.com/' };
      const event = JSON.parse(eventBody('partner.created', data)) as object;
      const body = JSON_STYLES[json](event);
      expect((await deliver(hook, body)).status).toBe(201);
      expect(received).toMatchObject([{ type: 'partner.created', data }]);
      expect(JSON.parse(body)).toEqual(event);
      expect(body === JSON.stringify(event)).toBe(json === 'compact');
    },
  );

  it('A signature is accepted in upper-case, lower-case and mixed hex', async () => {
    const { hook } = await start(adapter);
    const body = eventBody('partner.created', { id: 'p1' });
    const signature = signPartneroEvent(body, SECRET);
    expect((await deliver(hook, body, { signature: signature.toUpperCase() })).status).toBe(201);
    const mixed = signature.slice(0, 32).toUpperCase() + signature.slice(32);
    expect((await deliver(hook, body, { signature: mixed })).status).toBe(201);
    expect(received).toHaveLength(2);
  });

  it('A delivery that is not signed, or not with this secret, is refused without a word why', async () => {
    const { hook, logger } = await start(adapter);
    const body = eventBody('partner.created', { email: 'ada@example.com' });
    const right = signPartneroEvent(body, SECRET);
    const wrong = [
      null,
      '',
      ' ',
      right.slice(1),
      `${right}0`,
      right.slice(0, 32),
      `sha256=${right}`,
      `${right.slice(0, 63)}${right.endsWith('0') ? '1' : '0'}`,
      signPartneroEvent(body, `${SECRET}x`),
      signPartneroEvent(`${body} `, SECRET),
      signPartneroEvent(body, ''),
      Buffer.from(right, 'hex').toString('base64'),
      'z'.repeat(64),
      SECRET,
      `${right},${right}`,
    ];
    for (const signature of wrong) {
      const response = await deliver(hook, body, { signature });
      expect([signature, response.status]).toEqual([signature, 401]);
      expect(await response.text()).not.toMatch(/secret|signature|ada|partner/i);
    }
    expect(received).toEqual([]);
    expect(logger.text).not.toMatch(new RegExp(`ada@example|${SECRET}|${right}`));
    expect(logger.ours('warn')).toHaveLength(2);
  });

  it('A list of signatures is refused, though one of them is valid', async () => {
    const { hook } = await start(adapter);
    const body = eventBody('partner.created');
    const signature = signPartneroEvent(body, SECRET);
    const { port } = new URL(hook);
    const socket = connect(Number(port), '127.0.0.1');
    const head =
      `POST /hook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Signature: ${signature}\r\nSignature: ${signature}\r\n\r\n`;
    socket.write(head + body);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('A body of another type is refused, unless a parser kept its bytes', async () => {
    const { hook } = await start(adapter);
    const body = eventBody('partner.created');
    const headers = { 'content-type': 'text/plain' };
    const wrong = await deliver(hook, body, { headers, secret: 'another' });
    expect(wrong.status).toBe(401);
    // Fastify has a text parser by default.
    const { status } = await deliver(hook, body, { headers });
    expect(status).toBe(adapter === 'fastify' ? 201 : 401);
  });

  it('An empty body is refused, signed or not', async () => {
    const { hook } = await start(adapter);
    const send = (signature: string) =>
      fetch(hook, { method: 'POST', headers: { signature } }).then(({ status }) => status);
    expect(await send('ab'.repeat(32))).toBe(401);
    expect(await send(signPartneroEvent('', SECRET))).toBe(400);
    expect(received).toEqual([]);
  });

  it.each([
    ['{}', 'no event'],
    ['[]', 'a list'],
    ['{"event":"","data":{}}', 'an empty name'],
    ['{"event":7,"data":{}}', 'a number for a name'],
    ['{"event":{"name":"partner.created"},"data":{}}', 'an object for a name'],
    [JSON.stringify({ event: 'x'.repeat(201), data: {} }), 'an endless name'],
    ['{"data":{"event":"partner.created"}}', 'the name elsewhere'],
  ])('A signed body that holds no event is answered 400: %s', async (body) => {
    const { hook, logger } = await start(adapter);
    expect((await deliver(hook, body)).status).toBe(400);
    expect((await deliver(hook, body, { secret: 'another' })).status).toBe(401);
    expect(received).toEqual([]);
    expect(logger.ours('warn').join()).toContain('it is signed, but holds no event');
  });

  it('Bytes that are no UTF-8 are answered 400', async () => {
    const { hook } = await start(adapter);
    const body = Buffer.concat([
      Buffer.from('{"event":"partner.created","data":{"name":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}}'),
    ]);
    expect((await deliver(hook, new Uint8Array(body))).status).toBe(400);
    expect(received).toEqual([]);
  });

  it('An event of an unknown name, or whose data is no object, has the type unknown', async () => {
    const { hook } = await start(adapter);
    const sent = [
      ['payout.requested', { id: 7 }],
      ['transaction.created', null],
      ['transaction.created', ['no object']],
      ['constructor', {}],
      ['unknown', 'a string'],
    ] as const;
    for (const [event, data] of sent) {
      expect((await deliver(hook, eventBody(event, data))).status).toBe(201);
    }
    expect(received.map(({ type, name, data }) => [type, name, data])).toEqual(
      sent.map(([event, data]) => ['unknown', event, data]),
    );
    const withoutData = JSON.stringify({ event: 'ping' });
    expect((await deliver(hook, withoutData)).status).toBe(201);
    expect(received.at(-1)).toMatchObject({ type: 'unknown', name: 'ping', data: null });
  });

  it('The envelope of an earlier revision is read', async () => {
    const { hook } = await start(adapter);
    for (const timestamp of ['2026-05-02T16:12:39Z', 1777738359, 1777738359000]) {
      const body = JSON.stringify({ event: 'customer.created', data: { key: 'u1' }, timestamp });
      expect((await deliver(hook, body)).status).toBe(201);
    }
    const createdAt = new Date('2026-05-02T16:12:39Z');
    const expected = { type: 'customer.created', createdAt, webhookKey: null };
    expect(received).toMatchObject([expected, expected, expected]);
    await deliver(hook, JSON.stringify({ event: 'customer.created', timestamp: 'yesterday' }));
    expect(received.at(-1)!.createdAt).toBeNull();
  });

  it('A repeated delivery has the same id, and any other delivery another', async () => {
    const { hook } = await start(adapter);
    const body = eventBody('customer.created', { key: 'u1' });
    for (const each of [body, body, `${body} `]) await deliver(hook, each);
    const [first, second, third] = received.map(({ id }) => id);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('Any of several secrets is accepted, and no other', async () => {
    const { hook } = await start(adapter, { secret: ['old-secret', ' new-secret\n'] });
    const body = eventBody('partner.created');
    const statuses = [];
    for (const secret of ['old-secret', 'new-secret', 'old-secretnew-secret', '']) {
      statuses.push((await deliver(hook, body, { secret })).status);
    }
    expect(statuses).toEqual([201, 201, 401, 401]);
  });

  it('The header of the signature is an option', async () => {
    const { hook } = await start(adapter, { secret: SECRET, header: 'X-Partnero-Signature' });
    const body = eventBody('partner.created');
    expect((await deliver(hook, body)).status).toBe(401);
    expect((await deliver(hook, body, { header: 'x-partnero-signature' })).status).toBe(201);
  });

  it('With toleranceSeconds, events that are older or have no time are refused', async () => {
    const { hook } = await start(adapter, { secret: SECRET, toleranceSeconds: 60 });
    const at = (ms: number) =>
      eventBody('partner.created', {}, { created_at: new Date(Date.now() + ms).toISOString() });
    const bodies = [at(0), at(-50_000), at(-70_000), at(70_000), '{"event":"partner.created"}'];
    const statuses = [];
    for (const body of bodies) statuses.push((await deliver(hook, body)).status);
    expect(statuses).toEqual([201, 201, 400, 400, 400]);
  });
});
