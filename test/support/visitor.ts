import { Jar } from './cookie-jar.js';
import { send, type Answer } from './http-get.js';

/** What the visitor sees in the end. */
export interface Page extends Answer {
  url: string;
}

interface Sending {
  method?: 'GET' | 'POST';
  /** The page that he is on; none: he typed the address. */
  from?: string | undefined;
  headers?: Record<string, string>;
  body?: string;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const KEEPS_METHOD = new Set([307, 308]);
const MOST_REDIRECTS = 10;

/**
 * A browser as far as cookies go: keeps what it may, and sends what it would. One visitor is one
 * device.
 */
export class Visitor {
  readonly jar = new Jar();

  /** Ports of this machine by the host names that stand for it in a test. */
  constructor(readonly hosts: Record<string, string | number> = {}) {}

  /** Clicks a link, or types an address. */
  open(url: string, from?: string): Promise<Page> {
    return this.navigate(url, { from });
  }

  /** Submits a form of the page that he is on. */
  submit(url: string, from: string, fields: Record<string, string>): Promise<Page> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams(fields).toString();
    return this.navigate(url, { method: 'POST', from, headers, body });
  }

  /** What a script of the page that he is on does, with `credentials: 'include'`. */
  fetch(
    url: string,
    from: string,
    json: unknown,
    headers: Record<string, string> = {},
  ): Promise<Page> {
    return this.send(new URL(url), {
      method: 'POST',
      from,
      headers: { 'content-type': 'application/json', 'sec-fetch-dest': 'empty', ...headers },
      body: JSON.stringify(json),
    });
  }

  private async navigate(first: string, sending: Sending): Promise<Page> {
    const accept = { accept: 'text/html,*/*;q=0.8', 'sec-fetch-dest': 'document' };
    let url = new URL(first);
    let next = { ...sending, headers: { ...accept, ...sending.headers } };
    for (let i = 0; i < MOST_REDIRECTS; i += 1) {
      const page = await this.send(url, next);
      if (!REDIRECTS.has(page.status)) return page;
      url = new URL(page.headers.location!, url);
      if (!KEEPS_METHOD.has(page.status)) next = { from: sending.from, headers: accept };
    }
    throw new Error(`too many redirects from ${first}`);
  }

  private async send(
    url: URL,
    { method = 'GET', from, headers = {}, body }: Sending,
  ): Promise<Page> {
    const isNavigation = headers['sec-fetch-dest'] === 'document';
    const cookie = this.jar.cookieFor(url, from, isNavigation && method === 'GET');
    const port = this.hosts[url.hostname] ?? url.port;
    const path = `${url.pathname}${url.search}`;
    const sent = { ...headers, host: url.host, ...(cookie === '' ? {} : { cookie }) };
    const answer = await send({ host: '127.0.0.1', port, path, method, headers: sent }, body);
    this.jar.keep(url, answer.cookies);
    return { ...answer, url: url.href };
  }
}
