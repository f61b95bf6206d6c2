import type { Envelope } from './envelope.js';
import type { ApiRequest } from './request.js';

/** Sends calls to Partnero: what resources stand on. */
export interface ApiCaller {
  /**
   * @returns the envelope of a successful answer
   * @throws PartneroError for everything else
   */
  send<T = unknown>(request: ApiRequest): Promise<Envelope<T>>;
}
