import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakePartnero, signPartneroEvent } from 'nestjs-partnero/testing';
import { SECRET } from '../support/deliveries.js';

interface Received {
  headers: IncomingMessage['headers'];
  body: string;
  at: number;
}

let fake: FakePartnero;
let server: Server;
let url: string;
let received: Received[];
/** What the next requests are answered; then 200. 0: never. */
let statuses: number[];

beforeEach(async () => {
  fake = await FakePartnero.start();
  received = [];
  statuses = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      received.push({ headers: request.headers, body, at: performance.now() });
      const status = statuses.shift() ?? 200;
      if (status > 0) response.writeHead(status, { location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});

afterEach(async () => {
  await fake.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('signPartneroEvent()', () => {
  it('is HMAC-SHA256 in hex, of texts and of bytes', () => {
    const body = '{"event":"partner.created"}';
    const expected = '383865e07276fa16a34a3903dd944574369489420843a0f348c617bfc7a416ff';
    expect(signPartneroEvent(body, SECRET)).toBe(expected);
    expect(signPartneroEvent(Buffer.from(body), SECRET)).toBe(expected);
  });
});

describe('sendEvent()', () => {
  it('posts an event as the documentation says', async () => {
    const data = { key: 'inv-1', amount: 49 };
    const [delivery] = await fake.sendEvent('transaction.created', data, { url, secret: SECRET });
    expect(delivery).toMatchObject({ url, statuses: [200], delivered: true });
    const [{ headers, body }] = received as [Received];
    expect(JSON.parse(body)).toEqual({
      event: 'transaction.created',
      url,
      webhook_key: 'fake-webhook',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as string,
      data,
    });
    expect(headers['content-type']).toBe('application/json');
    expect(headers['signature']).toBe(signPartneroEvent(body, SECRET));
    expect([delivery!.body, delivery!.signature]).toEqual([body, headers['signature']]);
  });

  it('signs in another header, and dates the event, on demand', async () => {
    const createdAt = new Date('2026-05-02T16:12:39Z');
    const options = { url, secret: SECRET, createdAt, header: 'X-Signature' };
    await fake.sendEvent('partner.created', { name: 'Zoë 😀' }, options);
    const [{ headers, body }] = received as [Received];
    expect(JSON.parse(body)).toMatchObject({
      created_at: '2026-05-02T16:12:39.000000Z',
      data: { name: 'Zoë 😀' },
    });
    expect(headers['x-signature']).toBe(signPartneroEvent(body, SECRET));
  });

  it('tries again, ever more slowly, with the same bytes, until it is taken', async () => {
    statuses = [500, 302, 404];
    const options = { url, secret: SECRET, backoffMs: 50 };
    const [delivery] = await fake.sendEvent('partner.created', {}, options);
    expect(delivery).toMatchObject({ statuses: [500, 302, 404, 200], delivered: true });
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    const waits = received.slice(1).map(({ at }, i) => at - received[i]!.at);
    expect(waits[2]).toBeGreaterThan(190);
    expect(waits[0]).toBeLessThan(waits[2]!);
  });

  it('gives up after so many attempts, and takes a late answer for none', async () => {
    statuses = [0, 500, 500];
    const options = { url, secret: SECRET, backoffMs: 1, timeoutMs: 500, attempts: 3 };
    const [delivery] = await fake.sendEvent('partner.created', {}, options);
    expect(delivery).toMatchObject({ statuses: [0, 500, 500], delivered: false });
  });

  it('delivers again what was taken, on demand', async () => {
    const options = { url, secret: SECRET, copies: 3 };
    const [delivery] = await fake.sendEvent('partner.created', {}, options);
    expect(delivery!.statuses).toEqual([200, 200, 200]);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  });

  it('needs a secret for an address, and ends when the fake is stopped', async () => {
    await expect(async () => fake.sendEvent('x', {}, { url })).rejects.toThrow('needs a secret');
    statuses = [500];
    const sent = fake.sendEvent('x', {}, { url, secret: SECRET, backoffMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    await fake.stop();
    expect((await sent)[0]!.delivered).toBe(false);
  });
});

describe('/webhooks', () => {
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${fake.baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${fake.apiKey}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: (await response.json()) as { data: never } };
  };
  const wanted = () => ({ name: 'ours', url, events: ['partner.created', 'lead.submitted'] });

  it('makes, shows, changes and deletes webhooks, and delivers to them', async () => {
    const made = await call('POST', '/webhooks', wanted());
    expect(made).toMatchObject({
      status: 201,
      body: { data: { ...wanted(), is_active: true, signature: expect.any(String) as string } },
    });
    const { key, signature } = made.body.data as { key: string; signature: string };
    expect((await call('GET', '/webhooks')).body.data).toEqual([made.body.data]);
    expect((await call('GET', `/webhooks/${key}`)).body.data).toEqual(made.body.data);

    const [delivery] = await fake.sendEvent('partner.created', { id: 'p1' });
    expect(delivery!.signature).toBe(signPartneroEvent(delivery!.body, signature));
    expect(JSON.parse(delivery!.body)).toMatchObject({ webhook_key: key });
    expect(await fake.sendEvent('partner.updated', {})).toEqual([]);

    const changed = await call('PUT', `/webhooks/${key}`, { is_active: false });
    expect(changed.body.data).toMatchObject({ ...wanted(), is_active: false });
    expect(await fake.sendEvent('partner.created', {})).toEqual([]);
    expect((await call('DELETE', `/webhooks/${key}`)).body).toEqual({ status: 1 });
    expect(fake.webhooks).toEqual([]);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect(
        (await call(method, `/webhooks/${key}`, method === 'GET' ? undefined : {})).status,
      ).toBe(404);
    }
  });

  it('refuses what is missing, events of other program types, and a key that is taken', async () => {
    const refused = async (body: object) => (await call('POST', '/webhooks', body)).body;
    expect(await refused({})).toMatchObject({
      errors: {
        name: [expect.any(String)],
        url: [expect.any(String)],
        events: [expect.any(String)],
      },
    });
    expect(await refused({ ...wanted(), events: ['subscriber.created'] })).toMatchObject({
      errors: { events: [expect.any(String)] },
    });
    const friends = await FakePartnero.start({ program: 'refer-a-friend' });
    const response = await fetch(`${friends.baseUrl}/webhooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${friends.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(wanted()),
    });
    await friends.stop();
    expect(response.status).toBe(422);
    await call('POST', '/webhooks', { ...wanted(), key: 'k' });
    expect(await refused({ ...wanted(), key: 'k' })).toMatchObject({
      errors: { key: [expect.any(String)] },
    });
  });
});
