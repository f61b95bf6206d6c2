import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Person } from './users.js';

const PEOPLE: Record<string, Person> = {
  ada: { email: 'ada@example.com', name: 'Ada' },
  bob: { email: 'bob@example.com', name: 'Bob' },
};

/**
 * A fake Google and Apple, on another host than the app. Visitors choose who they are. The provider
 * sends them back by a redirect, or, with `response_mode=form_post`, by a form that posts itself across
 * sites.
 */
export class FakeProvider {
  private readonly people = new Map<string, Person>();

  private constructor(readonly url: string) {}

  static async start(): Promise<FakeProvider> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const provider = new FakeProvider(`http://127.0.0.1:${port}`);
    server.on('request', (request, response) => provider.answer(request, response));
    return provider;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname === '/authorize') return this.authorize(url.searchParams, response);
    if (url.pathname === '/token') return void this.token(request, response);
    const accessToken = request.headers.authorization?.replace('Bearer ', '');
    const person = this.people.get(accessToken ?? '');
    response.writeHead(person ? 200 : 401, JSON_TYPE).end(JSON.stringify(person ?? {}));
  }

  private authorize(asked: URLSearchParams, response: ServerResponse): void {
    const person = PEOPLE[asked.get('as') ?? ''];
    if (!person) {
      const links = Object.keys(PEOPLE).map(
        (as) => `<p><a href="?${escape(`${String(asked)}&as=${as}`)}">Continue as ${as}</a></p>`,
      );
      response.writeHead(200, HTML_TYPE).end(links.join(''));
      return;
    }
    const code = randomUUID();
    this.people.set(code, person);
    const callback = new URL(asked.get('redirect_uri') ?? '');
    const state = asked.get('state') ?? '';
    if (asked.get('response_mode') === 'form_post') {
      response.writeHead(200, HTML_TYPE).end(`<form method="post" action="${escape(callback.href)}">
        <input type="hidden" name="code" value="${code}">
        <input type="hidden" name="state" value="${escape(state)}">
      </form>
      <script>document.forms[0].submit()</script>`);
      return;
    }
    callback.searchParams.set('code', code);
    callback.searchParams.set('state', state);
    response.writeHead(302, { location: callback.href }).end();
  }

  /** The code serves as the access token. */
  private async token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const token = { access_token: new URLSearchParams(body).get('code'), token_type: 'bearer' };
    response.writeHead(200, JSON_TYPE).end(JSON.stringify(token));
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };
const HTML_TYPE = { 'content-type': 'text/html; charset=utf-8' };

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
