import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { HttpService } from '@nestjs/axios';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { VERSION } from '../version.js';
import type { ApiOptions } from './api.options.js';
import { Deadline } from './deadline.js';
import { isSuccess, parseObject, saysFailure, type Envelope } from './envelope.js';
import { AnswerErrors } from './answer-errors.js';
import { urlOf, type PartneroRequest } from './request.js';

const MAX_BYTES = 10 * 1024 * 1024;
const asIs = (data: unknown): unknown => data;

/** One call, one answer: authentication, time limit, envelope, errors. Retries nothing. */
export class PartneroApiClient {
  // Really private: sockets remember the header that holds the key, and whoever prints this would see it.
  readonly #httpAgent = new HttpAgent({ keepAlive: true });
  readonly #httpsAgent = new HttpsAgent({ keepAlive: true });
  readonly #http: HttpService;
  readonly #options: ApiOptions;

  constructor(http: HttpService, options: ApiOptions) {
    this.#http = http;
    this.#options = options;
  }

  /**
   * @returns the envelope of a successful answer
   * @throws PartneroError for everything else
   */
  async send<T = unknown>(request: PartneroRequest): Promise<Envelope<T>> {
    const apiKey = this.#options.apiKey?.reveal();
    const errors = new AnswerErrors(request, apiKey);
    if (!apiKey) throw errors.noKey();
    const config = this.configOf(request, apiKey);
    const deadline = new Deadline(request.timeoutMs ?? this.#options.timeoutMs, request.signal);
    try {
      const response = await this.#http.axiosRef.request<unknown>({
        ...config,
        signal: deadline.signal,
      });
      return this.read<T>(response, errors);
    } catch (error) {
      throw errors.fromThrown(error, deadline.reason);
    } finally {
      deadline.clear();
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }

  private configOf(request: PartneroRequest, apiKey: string): AxiosRequestConfig {
    const { method = 'GET', body } = request;
    const withBody = body !== undefined && method !== 'GET';
    return {
      method,
      url: urlOf(this.#options.baseUrl, request),
      data: withBody ? JSON.stringify(body) : undefined,
      headers: {
        Authorization: `Bearer ${apiKey}`,
        Accept: 'application/json',
        'User-Agent': `nestjs-partnero/${VERSION}`,
        ...(withBody ? { 'Content-Type': 'application/json' } : {}),
      },
      adapter: 'http',
      httpAgent: this.#httpAgent,
      httpsAgent: this.#httpsAgent,
      // The key must not follow a redirect to another host.
      maxRedirects: 0,
      maxContentLength: MAX_BYTES,
      maxBodyLength: MAX_BYTES,
      responseType: 'text',
      transformRequest: [asIs],
      transformResponse: [asIs],
      validateStatus: () => true,
    };
  }

  private read<T>(response: AxiosResponse<unknown>, errors: AnswerErrors): Envelope<T> {
    const { status, data, headers } = response;
    const body = parseObject(data);
    if (status < 200 || status > 299) {
      throw errors.fromStatus(status, body, headers['retry-after']);
    }
    if (status === 204 || (status === 202 && !data)) return {};
    if (!body) throw errors.unreadable(status);
    if (saysFailure(body)) throw errors.failed(status, body);
    if (!isSuccess(body)) throw errors.unreadable(status);
    return body;
  }
}
