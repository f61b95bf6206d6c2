import { VERSION } from '../version.js';
import { AnswerErrors } from './answer-errors.js';
import type { ApiCaller } from './api.caller.js';
import type { ApiOptions } from './api.options.js';
import { Deadline } from './deadline.js';
import { isSuccess, parseObject, saysFailure, type Envelope } from './envelope.js';
import type { HttpClient } from './http-client.js';
import { HttpTransport, type HttpAnswer, type HttpCall } from './http.transport.js';
import { bodyOf, urlOf, type ApiRequest } from './request.js';

/** One call, one answer: authentication, time limit, envelope, errors. Retries nothing. */
export class PartneroApiClient implements ApiCaller {
  // Really private: sockets remember the header that holds the key, and whoever prints this would see it.
  readonly #transport: HttpTransport;
  readonly #options: ApiOptions;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #headersOfJson: Readonly<Record<string, string>>;

  constructor(http: HttpClient, options: ApiOptions) {
    const { apiKey } = options;
    this.#options = options;
    this.#headers = {
      Authorization: `Bearer ${apiKey?.reveal()}`,
      Accept: 'application/json',
      'User-Agent': `nestjs-partnero/${VERSION}`,
    };
    this.#headersOfJson = { ...this.#headers, 'Content-Type': 'application/json' };
    this.#transport = new HttpTransport(http);
  }

  /**
   * @returns the envelope of a successful answer
   * @throws PartneroError for everything else
   */
  async send<T = unknown>(request: ApiRequest): Promise<Envelope<T>> {
    const apiKey = this.#options.apiKey?.reveal();
    const errors = () => new AnswerErrors(request, apiKey, this.#options.baseUrl);
    if (!apiKey) throw errors().noKey();
    if (request.signal?.aborted) throw errors().abortedUnsent();
    const call = this.callOf(request);
    const deadline = new Deadline(request.timeoutMs ?? this.#options.timeoutMs, request);
    try {
      const answer = await this.#transport.send(call, deadline);
      return read<T>(answer, request.exact, errors);
    } catch (error) {
      throw errors().fromThrown(error, deadline.reason);
    } finally {
      deadline.clear();
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#transport.close();
  }

  private callOf(request: ApiRequest): HttpCall {
    const { method = 'GET' } = request;
    const url = urlOf(this.#options.baseUrl, request);
    const body = bodyOf(request);
    return { method, url, headers: body === undefined ? this.#headers : this.#headersOfJson, body };
  }
}

function read<T>(
  answer: HttpAnswer,
  exact: ApiRequest['exact'],
  errors: () => AnswerErrors,
): Envelope<T> {
  const { status, retryAfter } = answer;
  const isFine = status >= 200 && status <= 299;
  if (status === 204 || (status === 202 && !answer.body)) return {};
  const body = parseObject(answer.body, exact);
  if (isFine && body && isSuccess(body)) return body;
  if (!isFine) throw errors().fromStatus(status, body, retryAfter);
  throw body && saysFailure(body) ? errors().failed(status, body) : errors().unreadable(status);
}
