import { request, type IncomingHttpHeaders, type RequestOptions } from 'node:http';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  cookies: string[];
  body: string;
}

/** A GET with these headers and no others: `fetch` adds some of its own, and doesn't set `Host`. */
export function httpGet(
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  const { hostname, port, pathname, search } = new URL(url);
  return send({ host: hostname, port, path: `${pathname}${search}`, method, headers });
}

export function send(options: RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sending = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          cookies: response.headers['set-cookie'] ?? [],
          body: text,
        }),
      );
    });
    sending.once('error', reject);
    sending.end(body);
  });
}

/** What Chrome sends where a visitor clicks a link. */
export const CLICK = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'cross-site',
};
