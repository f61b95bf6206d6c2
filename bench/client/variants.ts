import { Agent, request as httpRequest } from 'node:http';
import { HttpModule, HttpService } from '@nestjs/axios';
import { NestFactory } from '@nestjs/core';
import axios from 'axios';
import { inlineOutbox, PartneroModule, PartneroService } from 'nestjs-partnero';
import { firstValueFrom } from 'rxjs';
import { Pool } from 'undici';

/** Creates one customer; resolves once the answer is read. */
export type Call = (n: number) => Promise<unknown>;

const API_KEY = 'bench';
const HEADERS = {
  Authorization: `Bearer ${API_KEY}`,
  Accept: 'application/json',
  'Content-Type': 'application/json',
};
const customer = (n: number) => ({
  key: `user-${n}`,
  email: `visitor-${n}@example.com`,
  partner: { key: 'ann' },
});

/** What a call costs that is nothing but a call: the floor. */
function overNodeHttp(baseUrl: string): Call {
  const agent = new Agent({ keepAlive: true });
  const { hostname, port, pathname } = new URL(`${baseUrl}/customers`);
  const options = { agent, method: 'POST', hostname, port, path: pathname };
  return (n) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify(customer(n));
      const headers = { ...HEADERS, 'Content-Length': Buffer.byteLength(body) };
      httpRequest({ ...options, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
        response.once('error', reject);
      })
        .once('error', reject)
        .end(body);
    });
}

function overUndici(baseUrl: string): Call {
  const { origin, pathname } = new URL(`${baseUrl}/customers`);
  const pool = new Pool(origin, { connections: 100 });
  return async (n) => {
    const body = JSON.stringify(customer(n));
    const answer = await pool.request({ method: 'POST', path: pathname, headers: HEADERS, body });
    return answer.body.json();
  };
}

function overAxios(baseUrl: string): Call {
  const httpAgent = new Agent({ keepAlive: true });
  const url = `${baseUrl}/customers`;
  const options = { headers: HEADERS, httpAgent, timeout: 10_000 };
  return async (n) => (await axios.post<unknown>(url, customer(n), options)).data;
}

async function overHttpService(baseUrl: string): Promise<Call> {
  const app = await NestFactory.createApplicationContext(HttpModule, { logger: false });
  const http = app.get(HttpService);
  const httpAgent = new Agent({ keepAlive: true });
  const url = `${baseUrl}/customers`;
  const options = { headers: HEADERS, httpAgent, timeout: 10_000 };
  return async (n) => (await firstValueFrom(http.post<unknown>(url, customer(n), options))).data;
}

async function service(baseUrl: string): Promise<PartneroService> {
  const app = await NestFactory.createApplicationContext(
    PartneroModule.forRoot({
      apiKey: API_KEY,
      baseUrl,
      verifyOnBoot: false,
      outbox: inlineOutbox(),
    }),
    { logger: false },
  );
  return app.get(PartneroService);
}

/** Without what a DTO costs. */
async function overRequest(baseUrl: string): Promise<Call> {
  const partnero = await service(baseUrl);
  return (n) => partnero.request({ method: 'POST', path: '/customers', body: customer(n) });
}

async function overCustomers(baseUrl: string): Promise<Call> {
  const { customers } = await service(baseUrl);
  return (n) => customers.create(customer(n));
}

const MADE = {
  'node:http': overNodeHttp,
  undici: overUndici,
  axios: overAxios,
  '@nestjs/axios': overHttpService,
  'partnero.request()': overRequest,
  'partnero.customers.create()': overCustomers,
} satisfies Record<string, (baseUrl: string) => Call | Promise<Call>>;

export type Variant = keyof typeof MADE;
export const VARIANTS = Object.keys(MADE) as Variant[];

export function callOf(variant: Variant, baseUrl: string): Call | Promise<Call> {
  return MADE[variant](baseUrl);
}
