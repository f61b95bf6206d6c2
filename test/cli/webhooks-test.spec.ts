import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Controller,
  ForbiddenException,
  HttpCode,
  Post,
  Redirect,
  UseGuards,
} from '@nestjs/common';
import { jest } from '@jest/globals';
import { PartneroModule, PartneroWebhook, type PartneroModuleOptions } from 'nestjs-partnero';
import { closeApps, startApp } from '../support/app.js';
import { commandLine, commandProcess } from '../support/command-line.js';
import { SECRET } from '../support/deliveries.js';
import { setPartneroEnvironment } from '../support/environment.js';
import { eventually } from '../support/eventually.js';
import { callsOf, forgetCalls, startHandling } from '../support/event-handlers.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

class LoginGuard {
  canActivate(): never {
    throw new ForbiddenException();
  }
}

@Controller()
class RoutesController {
  @Post('hook')
  @HttpCode(204)
  @PartneroWebhook()
  receive() {}

  @Post('open')
  open() {}

  @Post('guarded')
  @UseGuards(LoginGuard)
  @PartneroWebhook()
  guarded() {}

  @Post('moved')
  @Redirect('/hook', 301)
  moved() {}
}

const servers: Server[] = [];

beforeEach(() => setPartneroEnvironment({ PARTNERO_WEBHOOK_SECRET: SECRET }));

afterEach(async () => {
  jest.restoreAllMocks();
  setPartneroEnvironment({});
  await closeApps();
  for (const server of servers.splice(0)) server.close();
});

afterAll(removeTemporaryFolders);

const start = (options: PartneroModuleOptions = {}, rawBody = true) =>
  startApp({
    options: { rawBody },
    imports: [PartneroModule.forRoot({ webhooks: { secret: SECRET }, ...options })],
    controllers: [RoutesController],
  });

const test = (url: string, ...more: string[]) =>
  commandLine('webhooks', 'test', '--url', url, ...more);

/** The address of a server that responds as it is told. */
async function respondingWith(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

describe('webhooks test', () => {
  it('succeeds if the route accepts a signed event, and no other', async () => {
    const { url } = await start();
    expect(await test(`${url}/hook`)).toEqual({
      code: 0,
      err: '',
      out: '204: The route accepted the signed event, and refused one with a wrong signature.',
    });
    const { out } = await test(`${url}/hook`, '--json');
    expect(JSON.parse(out)).toMatchObject({ ok: true, status: 204 });
  });

  it('runs as a process of its own', async () => {
    const { url } = await start();
    const run = await commandProcess('webhooks', 'test', '--url', `${url}/hook`);
    expect(run).toMatchObject({ code: 0, err: '' });
    const nowhere = await commandProcess('webhooks', 'test', '--url', `${url}/nowhere`);
    expect(nowhere).toMatchObject({ code: 1, out: expect.stringMatching(/^404: /) as string });
  });

  it('sends an event that no handler asks for by name', async () => {
    forgetCalls();
    const { url } = await startHandling();
    expect((await test(`${url}/hook`)).code).toBe(0);
    expect([...callsOf('add'), ...callsOf('count')]).toEqual([]);
  });

  it('sends the event that it is told to, to the handler of that', async () => {
    forgetCalls();
    const { url } = await startHandling();
    const data = JSON.stringify({ key: 'inv-1' });
    const run = await test(`${url}/hook`, '--events', 'transaction.deleted', '--data', data);
    expect(run.code).toBe(0);
    await eventually(() => callsOf('count').length === 1);
    expect(callsOf('count')).toEqual(['count transaction.deleted']);
    expect(run.err).toBe('');
    const mistyped = await test(`${url}/hook`, '--events', 'transaction.delete');
    expect(mistyped.err).toBe('No such event is known: transaction.delete. Is it a typo?');
  });

  it.each([
    [['--events', 'partner.created,partner.deleted'], /one event/],
    [['--events', ','], /separated by commas/],
    [['--data', '[1]'], /object in JSON/],
    [['--data', '{'], /object in JSON/],
  ])('refuses %j', async (args, message) => {
    const run = await test('http://127.0.0.1:9/hook', ...args);
    expect(run).toMatchObject({ code: 2, out: '' });
    expect(run.err).toMatch(message);
  });

  it.each<[route: string, meaning: RegExp]>([
    ['open', /^201: .*also one with a wrong signature: put @PartneroWebhook\(\) on it/],
    ['guarded', /^403: A guard of your own/],
    ['moved', /^301: The address redirects/],
    ['nowhere', /^404: There is no such route for POST\. Check the path, with its global prefix/],
  ])('says what the response of a route means: %s', async (route, meaning) => {
    const { url } = await start();
    const run = await test(`${url}/${route}`);
    expect([run.code, run.err]).toEqual([1, '']);
    expect(run.out).toMatch(meaning);
  });

  it('says that the secret is another one', async () => {
    const { url } = await start();
    setPartneroEnvironment({ PARTNERO_WEBHOOK_SECRET: 'another' });
    const run = await test(`${url}/hook`);
    expect(run).toMatchObject({ code: 1, err: '' });
    expect(run.out).toMatch(/^401: The signature was refused\. Compare PARTNERO_WEBHOOK_SECRET/);
    expect(run.out).not.toContain('another\n');
    expect((await test(`${url}/hook`, '--secret', SECRET)).code).toBe(0);
  });

  it('says that the bytes were not kept', async () => {
    const { url } = await start({}, false);
    expect((await test(`${url}/hook`)).out).toMatch(/^500: .*\{ rawBody: true \}/);
  });

  it('says that Partnero is switched off', async () => {
    const { url } = await start({ enabled: false });
    expect((await test(`${url}/hook`)).out).toMatch(/^503: .*enabled is false/);
  });

  it('says that the app refuses the event for another reason', async () => {
    const { url } = await start({ webhooks: { secret: SECRET, header: 'X-Signed' } });
    expect((await test(`${url}/hook`, '--header', 'X-Signed')).code).toBe(0);
    const refusing = await respondingWith((_, response) => response.writeHead(400).end());
    expect((await test(refusing)).out).toMatch(/^400: The signature is right/);
    const teapot = await respondingWith((_, response) => response.writeHead(418).end());
    expect((await test(teapot)).out).toMatch(/^418: This response is not one of @PartneroWebhook/);
  });

  it('says that the route takes longer than Partnero waits', async () => {
    const now = performance.now.bind(performance);
    let waitedMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now() + waitedMs);
    const url = await respondingWith((_, response) => {
      waitedMs = 5_100;
      response.writeHead(204).end();
    });
    const run = await test(url);
    expect(run.code).toBe(1);
    expect(run.out).toMatch(/^204: .*accepted the event after 5\d+ ms.*waits only 5000 ms/);
  });

  it('says why there is no response', async () => {
    const url = await respondingWith(() => {});
    servers.pop()!.close();
    const run = await test(url);
    expect(run).toMatchObject({
      code: 1,
      out: 'There was no response (ECONNREFUSED: does the app run there?).',
      err: '',
    });
    expect((await test('http://127.0.0.1:1/hook')).out).toContain('bad port');
  });

  it('explains the usage', async () => {
    expect((await test('/hook')).err).toContain('--url must be the http(s) address');
    setPartneroEnvironment({});
    const run = await test('http://127.0.0.1:1/hook');
    expect(run).toMatchObject({ code: 2, out: '' });
    expect(run.err).toContain('webhooks test needs PARTNERO_WEBHOOK_SECRET, or --secret.');
  });
});
