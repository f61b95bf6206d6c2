import { Readable } from 'node:stream';
import { rawBodyOf, type IncomingDelivery } from './raw-body.js';
import { findJsonParser, PROBED_BODY, type ProbedAdapter } from './find-json-parser.js';

/** Whether the app's body parser keeps the bytes. `unknown`: only a delivery will tell. */
export type RawBodyProbe = 'kept' | 'lost' | 'unknown';

const WITHIN_MS = 1_000;

/**
 * Has the app's JSON parser, and nothing else of the app, read a body, and looks whether it kept the
 * bytes. Nest doesn't tell an app's `rawBody` option, and a parser of the app's own may come before
 * Nest's. What can't be found out this way is `unknown`.
 *
 * @param header a delivery has it, and a parser may keep the bytes of those that have
 */
export async function probeRawBody(
  adapter: ProbedAdapter | undefined,
  header: string,
): Promise<RawBodyProbe> {
  try {
    const parse = adapter && findJsonParser(adapter);
    if (!parse) return 'unknown';
    const request = bodyOnly(header);
    await soon(parse(request));
    return rawBodyOf(request).type === 'bytes' ? 'kept' : 'lost';
  } catch {
    return 'unknown';
  }
}

/** A request that has a body and no address: a parser that asks for that keeps some bytes, not all. */
function bodyOnly(header: string): IncomingDelivery {
  const headers = {
    'content-type': 'application/json',
    'content-length': String(PROBED_BODY.length),
    [header]: '0'.repeat(64),
  };
  const request = Object.assign(Readable.from([PROBED_BODY]), { method: 'POST', headers });
  for (const name of ['url', 'originalUrl', 'baseUrl', 'path', 'routeOptions']) {
    Object.defineProperty(request, name, {
      get: () => {
        throw new Error('no address');
      },
    });
  }
  return request;
}

async function soon(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('too late')), WITHIN_MS);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
