import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import type { HttpService } from '@nestjs/axios';
import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Deadline } from '../deadline.js';
import { badResponse, decompressed } from './decode-body.js';
import { MAX_BYTES, type HttpAnswer, type HttpCall, type Transport } from './transport.js';

const UNTOUCHED: [] = [];

/**
 * `@nestjs/axios` with an adapter of our own, with which a call costs half: no merging of headers, no
 * streams between, no `AbortController`. The headers, and with them the API key, are not shown to
 * axios at all.
 */
export class DirectTransport implements Transport {
  readonly #http: HttpService;
  readonly #agent: HttpAgent;
  readonly #host: RequestOptions;
  readonly #open: (options: RequestOptions) => ClientRequest;
  readonly #baseUrl: string;
  readonly #basePath: string;

  constructor(http: HttpService, baseUrl: string) {
    const url = new URL(baseUrl);
    const isSecure = url.protocol === 'https:';
    const { protocol, hostname, port } = urlToHttpOptions(url);
    this.#http = http;
    this.#agent = isSecure
      ? new HttpsAgent({ keepAlive: true })
      : new HttpAgent({ keepAlive: true });
    this.#open = isSecure ? httpsRequest : httpRequest;
    this.#baseUrl = baseUrl;
    this.#basePath = url.pathname.replace(/\/$/, '');
    this.#host = { protocol, hostname, port, agent: this.#agent };
  }

  async send(call: HttpCall, deadline: Deadline): Promise<HttpAnswer> {
    const { data } = await this.#http.axiosRef.request<HttpAnswer>({
      method: call.method,
      url: call.url,
      data: call.body,
      transformRequest: UNTOUCHED,
      transformResponse: UNTOUCHED,
      adapter: (config) =>
        this.exchange(call, deadline).then((answer) => asAxiosResponse(answer, config)),
    });
    return data;
  }

  close(): void {
    this.#agent.destroy();
  }

  private exchange(call: HttpCall, deadline: Deadline): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const { method, url, body } = call;
      const headers: Record<string, string | number> = { ...call.headers };
      if (body === undefined) headers['Accept-Encoding'] = 'gzip, br';
      else headers['Content-Length'] = Buffer.byteLength(body);
      const path = this.#basePath + url.slice(this.#baseUrl.length);
      const request = this.#open({ ...this.#host, method, path, headers });
      request.on('response', (response) => read(response, resolve, reject));
      request.on('error', reject);
      deadline.whenOver(() => {
        reject(new Error('cut off'));
        request.destroy();
      });
      request.end(body);
    });
  }
}

function read(
  response: IncomingMessage,
  resolve: (answer: HttpAnswer | PromiseLike<HttpAnswer>) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= MAX_BYTES) return;
    reject(badResponse());
    response.destroy();
  });
  response.on('error', reject);
  response.on('end', () => {
    const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    const { 'content-encoding': encoding = 'identity', 'retry-after': retryAfter } =
      response.headers;
    const answer = (body: string) => ({ status: response.statusCode ?? 0, body, retryAfter });
    if (encoding === 'identity' || bytes === 0) resolve(answer(whole.toString('utf8')));
    else resolve(decompressed(whole, encoding).then(answer));
  });
}

/** What axios looks at of an answer; ours rides in `data`. */
function asAxiosResponse(
  answer: HttpAnswer,
  config: InternalAxiosRequestConfig,
): AxiosResponse<HttpAnswer> {
  return { data: answer, status: answer.status, statusText: '', headers: {}, config };
}
