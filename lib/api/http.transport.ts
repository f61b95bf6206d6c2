import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import type { Deadline } from './deadline.js';
import type { HttpClient } from './http-client.js';
import { LateBody } from './late-body.js';

/** One request, ready to be sent. */
export interface HttpCall {
  readonly method: string;
  /** Base URL, path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string | undefined;
}

/** A response, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  /** Decompressed. */
  readonly body: string;
  /** The header `Retry-After`. */
  readonly retryAfter: unknown;
}

/** No response of Partnero's is larger. Bytes, after decompression. */
const MAX_BYTES = 1024 * 1024;

/** The code of a response that is too large. */
export const BAD_RESPONSE = 'ERR_BAD_RESPONSE';

const asIs = (data: unknown): unknown => data;

/**
 * Sends requests with axios, over connections that are kept alive, and through the proxy that
 * the environment names. Follows no redirect, judges no status, repeats nothing. What it rejects with
 * may hold the API key: only its `code` may be read.
 */
export class HttpTransport {
  readonly #http: HttpClient;
  readonly #agents = {
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({ keepAlive: true }),
  };

  constructor(http: HttpClient) {
    this.#http = http;
  }

  async send({ method, url, headers, body }: HttpCall, deadline: Deadline): Promise<HttpAnswer> {
    const isLate = deadline.limitsSending && body !== undefined;
    const late = isLate ? new LateBody(body, () => deadline.maySend()) : undefined;
    const response = await this.#http.axiosRef.request<Readable>({
      method,
      url,
      headers: { ...headers, ...late?.headers },
      data: late?.data ?? body,
      ...(late && { transport: late.transport }),
      signal: deadline.signal,
      adapter: 'http',
      ...this.#agents,
      // The key must not follow a redirect to another host.
      maxRedirects: 0,
      // A stream, since axios has no code of its own for a connection that breaks amid a response.
      responseType: 'stream',
      transformRequest: [asIs],
      transformResponse: [asIs],
      validateStatus: () => true,
    });
    const { status, data, headers: received } = response;
    return { status, body: await read(data), retryAfter: received['retry-after'] };
  }

  /** Closes idle connections. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

async function read(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop destroys the stream.
    if (bytes > MAX_BYTES) throw Object.assign(new Error('too large'), { code: BAD_RESPONSE });
  }
  return Buffer.concat(chunks).toString('utf8');
}
