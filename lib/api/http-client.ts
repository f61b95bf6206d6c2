import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { loadPackage } from '../common/load-package.js';

/** What requests are sent with: the part of a `HttpService` that is used. */
export interface HttpClient {
  readonly axiosRef: { request<T>(config: AxiosRequestConfig): Promise<AxiosResponse<T>> };
}

/**
 * Makes a `HttpService` of our own: interceptors of the app's must not see the API key.
 *
 * Where `@nestjs/axios` can't be loaded, a bare axios instance sends the same requests. Version 12 is
 * an ES module, which Jest can't load in a CommonJS app. Hence the import at run time.
 *
 * @throws PartneroConfigurationError if axios isn't installed
 */
export async function createHttpClient(): Promise<HttpClient> {
  const nestAxios = await import('@nestjs/axios').catch(() => undefined);
  if (!nestAxios) return { axiosRef: (await loadAxios()).default.create() };
  const { HttpService } = nestAxios;
  return new HttpService(new HttpService().axiosRef.create());
}

const loadAxios = () => loadPackage('axios', () => import('axios'), 'Run: npm install axios');
