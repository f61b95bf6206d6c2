import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import {
  connect,
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import {
  Controller,
  Get,
  Header,
  Param,
  Query,
  Redirect,
  Res,
  StreamableFile,
} from '@nestjs/common';
import { captureReferrals } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { beforeHeaders } from '#lib/referral/capture/before-headers.js';
import { addCookies, cookiesOf } from '#lib/referral/capture/response-cookies.js';
import { ADAPTERS, closeApps, partnero, startApp, type AdapterName } from '../support/app.js';
import { CLICK, httpGet } from '../support/http-get.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

/** What Express's response, Fastify's reply and Node's response have in common here. */
interface AnyResponse {
  raw?: AnyResponse;
  send(body: string): void;
  header(name: string, value: string | string[]): void;
  setHeader(name: string, value: string | string[]): void;
  appendHeader(name: string, value: string): void;
  writeHead(status: number, ...rest: unknown[]): AnyResponse;
  write(chunk: string): void;
  end(chunk?: string): void;
  flushHeaders(): void;
  hijack?(): void;
}

/** The ways in which an app sets cookies of its own, and answers. */
const ANSWERS: Record<string, (response: AnyResponse, raw: AnyResponse) => void> = {
  'by the framework’s header()': (response) => {
    response.header('Set-Cookie', 'app=1');
    response.send('done');
  },
  'by the framework’s header(), several': (response) => {
    response.header('Set-Cookie', ['app=1', 'other=2']);
    response.send('done');
  },
  'by Node’s setHeader()': (_, raw) => {
    raw.setHeader('Set-Cookie', 'app=1');
    raw.end('done');
  },
  'by Node’s writeHead() with an object': (_, raw) => {
    raw.writeHead(200, { 'set-cookie': ['app=1'], 'x-app': 'yes' }).end('done');
  },
  'by writeHead() with a message': (_, raw) => {
    raw.writeHead(200, 'Fine', { 'Set-Cookie': 'app=1', 'x-app': 'yes' }).end('done');
  },
  'by writeHead() with a list': (_, raw) => {
    const list = ['Set-Cookie', 'app=1', 'Set-Cookie', 'other=2', 'x-app', 'yes'];
    raw.writeHead(200, list).end('done');
  },
  'and streams': (_, raw) => {
    raw.setHeader('Set-Cookie', 'app=1');
    raw.flushHeaders();
    raw.write('do');
    raw.end('ne');
  },
};

@Controller()
class PagesController {
  @Get('answers/:how')
  answers(@Param('how') how: string, @Res() response: AnyResponse): void {
    const raw = response.raw ?? response;
    if (raw !== response && !how.includes('framework')) response.hijack!();
    ANSWERS[how]!(response, raw);
  }

  @Get('decorated')
  @Header('Set-Cookie', 'app=1')
  decorated(): string {
    return 'done';
  }

  @Get('redirected')
  @Header('Set-Cookie', 'app=1')
  @Redirect('/elsewhere', 301)
  redirected(): void {}

  @Get('streamed')
  streamed(@Res({ passthrough: true }) response: AnyResponse): StreamableFile {
    response.header('Set-Cookie', 'app=1');
    return new StreamableFile(Readable.from(['do', 'ne']));
  }

  @Get('failing')
  failing(@Res({ passthrough: true }) response: AnyResponse): void {
    response.header('Set-Cookie', 'app=1');
    throw new Error('no');
  }

  @Get('cached')
  cached(
    @Query() { name = 'Cache-Control', ...given }: Record<string, string>,
    @Res({ passthrough: true }) response: AnyResponse,
  ): string {
    const { value, vary } = given;
    if (value !== undefined) response.header(name, value);
    if (vary !== undefined) response.header('Vary', vary);
    return 'done';
  }
}

let fake: FakePartnero;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

type Next = () => void;

const start = (adapter: AdapterName, consent?: () => boolean) =>
  startApp({
    adapter,
    imports: [partnero(fake, { enabled: false, referral: { capture: { consent } } })],
    controllers: [PagesController],
    prepare: (app) => {
      app.use((_: unknown, response: AnyResponse, next: Next) => {
        response.setHeader('Set-Cookie', 'before=1');
        next();
      });
      app.use(captureReferrals(app));
      app.use((_: unknown, response: AnyResponse, next: Next) => {
        response.appendHeader('Set-Cookie', 'after=1');
        next();
      });
    },
  });

describe.each(ADAPTERS)('cookies of the app stay, and ours is beside them, on %s', (adapter) => {
  const names = async (path: string, link: boolean) => {
    const { url } = await start(adapter);
    const query = link ? '?aff=ann' : '';
    const answer = await httpGet(`${url}/${encodeURI(path)}${query}`, CLICK);
    return { ...answer, names: answer.cookies.map((cookie) => cookie.split('=')[0]!) };
  };

  it.each([
    ...Object.keys(ANSWERS).map((how) => `answers/${how}`),
    'decorated',
    'redirected',
    'streamed',
    'failing',
  ])('%s', async (path) => {
    const without = await names(path, false);
    await closeApps();
    const { names: all, ...answer } = await names(path, true);
    expect(all).toEqual([...without.names, 'partnero_partner']);
    expect(without.names).toContain('app');
    expect([answer.status, answer.body]).toEqual([without.status, without.body]);
    expect(answer.headers['x-app']).toBe(without.headers['x-app']);
  });
});

describe.each(ADAPTERS)('a response to a link is not stored by shared caches, on %s', (adapter) => {
  const ask = async (query: Record<string, string>, path = '/cached') => {
    const { url } = await start(adapter, () => query['consent'] !== 'no');
    const parameters = new URLSearchParams({ aff: 'ann', ...query });
    return httpGet(`${url}${path}?${String(parameters)}`, CLICK);
  };

  it.each([
    [undefined, 'private'],
    ['public, max-age=3600', 'private, max-age=3600'],
    [
      'max-age=60, s-maxage=3600, stale-while-revalidate=5',
      'private, max-age=60, stale-while-revalidate=5',
    ],
    ['no-cache', 'private, no-cache'],
    ['must-revalidate, proxy-revalidate', 'private, must-revalidate'],
    ['private="x-name, set-cookie", max-age=1', 'private, max-age=1'],
    ['Public', 'private'],
    // What is as strict already stays as it is.
    ['no-store', 'no-store'],
    ['private, max-age=5', 'private, max-age=5'],
    ['max-age=0, No-Store', 'max-age=0, No-Store'],
  ])('Cache-Control: %s becomes %s', async (value, expected) => {
    const { headers, cookies } = await ask(value === undefined ? {} : { value });
    expect(headers['cache-control']).toBe(expected);
    expect(cookies.at(-1)).toContain('partnero_partner=ann');
  });

  it.each(['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Surrogate-Control'])(
    'nor by CDNs that obey %s',
    async (name) => {
      const { headers } = await ask({ name, value: 'max-age=600' });
      expect(headers[name.toLowerCase()]).toBe('no-store');
    },
  );

  it.each([
    [undefined, 'Cookie'],
    ['Accept-Encoding', 'Accept-Encoding, Cookie'],
    ['cookie, Origin', 'cookie, Origin'],
    ['X-Cookie', 'X-Cookie, Cookie'],
    ['*', '*'],
  ])('Vary: %s becomes %s', async (vary, expected) => {
    expect((await ask(vary === undefined ? {} : { vary })).headers['vary']).toBe(expected);
  });

  it('not even without the cookie: the next visitor may need one', async () => {
    const { headers, cookies } = await ask({ consent: 'no', value: 'public' });
    expect([headers['cache-control'], cookies]).toEqual(['private', ['before=1', 'after=1']]);
  });

  it('but one without a key is the app’s own affair', async () => {
    const { url } = await start(adapter);
    const { headers } = await httpGet(`${url}/cached?value=public`, CLICK);
    expect(headers).toMatchObject({ 'cache-control': 'public' });
    expect(headers).not.toHaveProperty('vary');
  });
});

it('a link is captured under Fastify’s inject(), too', async () => {
  const { app } = await start('fastify');
  const fastify = app.getHttpAdapter().getInstance() as {
    inject(request: object): Promise<{ headers: Record<string, unknown> }>;
  };
  const { headers } = await fastify.inject({ url: '/cached?aff=ann', headers: CLICK });
  expect(headers['set-cookie']).toEqual([
    'before=1',
    'after=1',
    expect.stringContaining('partnero_partner=ann'),
  ]);
});

describe('the moment before the headers leave', () => {
  type Raw = Parameters<typeof beforeHeaders>[0];

  let refused: unknown[];

  beforeEach(() => {
    refused = [];
  });

  function codeOf(call: () => unknown): unknown {
    try {
      return call();
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  }

  function addOurs(raw: Raw): void {
    beforeHeaders(raw, () => addCookies(raw, ['ours=1']));
    beforeHeaders(raw, () => {
      addCookies(raw, ['ours=1']);
      throw new Error('no');
    });
  }

  const listening = (server: Server | Http2Server) =>
    new Promise<string>((done) =>
      server.listen(0, '127.0.0.1', () =>
        done(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      ),
    );

  async function overHttp2(answer: (response: Http2ServerResponse) => void): Promise<unknown> {
    const server = createHttp2Server((_, response) => {
      addOurs(response as unknown as Raw);
      answer(response);
    });
    const client = connect(await listening(server));
    const stream = client.request({ ':path': '/' });
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    stream.resume();
    await once(stream, 'close');
    client.close();
    server.close();
    return headers['set-cookie'];
  }

  it.each<[string, (response: Http2ServerResponse) => void]>([
    [
      'end()',
      (response) => {
        response.setHeader('set-cookie', 'app=1');
        response.end('done');
      },
    ],
    [
      'writeHead()',
      (response) => {
        response.writeHead(200, { 'set-cookie': 'app=1' });
        response.end('done');
      },
    ],
    [
      'write()',
      (response) => {
        response.setHeader('set-cookie', ['app=1']);
        response.write('do');
        response.end('ne');
      },
    ],
  ])('is found over HTTP/2 too: %s', async (_, answer) => {
    expect(await overHttp2(answer)).toEqual(['app=1', 'ours=1']);
  });

  it('is found where nothing else sets headers, and a list of pairs is given', async () => {
    const server = createServer((_, response) => {
      addOurs(response);
      const pairs = [
        ['Set-Cookie', 'app=1'],
        ['Set-Cookie', 'other=2'],
      ];
      response.writeHead(200, pairs as never).end('done');
      refused.push(codeOf(() => response.writeHead(200, { 'x-late': '1' })));
    });
    const { cookies, body } = await httpGet(await listening(server));
    server.close();
    expect([cookies, body]).toEqual([['app=1', 'other=2', 'ours=1'], 'done']);
    expect(refused).toEqual(['ERR_HTTP_HEADERS_SENT']);
  });

  it('leaves to Node what it refuses', async () => {
    const server = createServer((_, response) => {
      addOurs(response);
      refused.push(
        codeOf(() => response.writeHead(200, { 'x-bad': 'line\nbreak' })),
        codeOf(() => response.writeHead(99)),
      );
      response.end('done');
    });
    const { cookies, status } = await httpGet(await listening(server));
    server.close();
    expect([cookies, status]).toEqual([['ours=1'], 200]);
    expect(refused).toEqual(['ERR_INVALID_CHAR', 'ERR_HTTP_INVALID_STATUS_CODE']);
  });

  it('counts cookies that are no list', () => {
    const of = (value: unknown) => cookiesOf({ getHeader: () => value } as unknown as Raw);
    expect([of(undefined), of('a=1'), of(['a=1', 'b=2'])]).toEqual([[], ['a=1'], ['a=1', 'b=2']]);
  });
});
