import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { HttpService } from '@nestjs/axios';
import type { Deadline } from '../deadline.js';
import { MAX_BYTES, type HttpAnswer, type HttpCall, type Transport } from './transport.js';

const asIs = (data: unknown): unknown => data;

/**
 * `@nestjs/axios` with axios's own adapter. It knows how to go through a proxy that the environment
 * names, and when not to; see {@link isProxied}.
 */
export class ProxiedTransport implements Transport {
  readonly #http: HttpService;
  readonly #httpAgent = new HttpAgent({ keepAlive: true });
  readonly #httpsAgent = new HttpsAgent({ keepAlive: true });

  constructor(http: HttpService) {
    this.#http = http;
  }

  async send({ method, url, headers, body }: HttpCall, deadline: Deadline): Promise<HttpAnswer> {
    const controller = new AbortController();
    deadline.whenOver(() => controller.abort());
    const response = await this.#http.axiosRef.request<string>({
      method,
      url,
      headers: { ...headers },
      data: body,
      signal: controller.signal,
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
    });
    const { status, data, headers: answered } = response;
    return { status, body: data, retryAfter: answered['retry-after'] };
  }

  close(): void {
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }
}

/** Whether the environment names a proxy that requests to this host may have to go through. */
export function isProxied(baseUrl: string, environment: NodeJS.ProcessEnv): boolean {
  const protocol = new URL(baseUrl).protocol.slice(0, -1);
  return [`${protocol}_proxy`, 'all_proxy', `npm_config_${protocol}_proxy`, 'npm_config_proxy']
    .flatMap((name) => [name, name.toUpperCase()])
    .some((name) => Boolean(environment[name]));
}
