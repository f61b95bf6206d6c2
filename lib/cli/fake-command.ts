import { once } from 'node:events';
import { printable } from '../common/printable-log.js';
import { FakePartnero, type RecordedRequest } from '../testing/fake-partnero.js';
import type { Values } from './arguments.js';
import { UsageError } from './usage.error.js';

const PORT = 4010;
/** Always the same, so that the app's environment stays right. */
const API_KEY = 'fake-api-key';

/**
 * Runs a FakePartnero until the process is ended, and prints what it receives.
 *
 * @throws UsageError if the port isn't one, or is in use
 */
export async function runFake(
  { port, partner: partners = ['ann'] }: Pick<Values, 'port' | 'partner'>,
  out: (text: string) => void,
): Promise<void> {
  const ended = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  const onResponse = (request: RecordedRequest) => out(printable(describe(request)));
  const options = { port: portFrom(port), apiKey: API_KEY, partners, onResponse };
  const fake = await FakePartnero.start(options).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new UsageError(`Port ${options.port} is in use. Give another one with --port.`);
  });
  out(
    `A fake of Partnero is running. Put these lines into your app's .env:\n\n` +
      `PARTNERO_BASE_URL=${fake.baseUrl}\nPARTNERO_API_KEY=${API_KEY}\n\n` +
      `Its partners: ${partners.join(', ')}. Open a page of your app with ?aff=${partners[0]}, and sign up. ` +
      'What arrives is printed here. Ctrl+C ends it.\n',
  );
  await ended;
  await fake.stop();
}

function portFrom(given: string | undefined): number {
  const port = Number(given ?? PORT);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UsageError(`--port must be a number from 0 to 65535.`);
}

/** Such as `18:03:12  POST /customers  201  user-1 of partner ann`. */
function describe({ method, path, status, authorized, body, at }: RecordedRequest): string {
  const time = at.toTimeString().slice(0, 8);
  const what = authorized ? subjectOf(body) : `wrong API key: set PARTNERO_API_KEY=${API_KEY}`;
  return [time, `${method} ${path}`, status || 'no response', what].filter(Boolean).join('  ');
}

/** The names that a body may have for what it is about, and those of whom it belongs to. */
const OWN = ['key', 'id', 'url'];
const OWNERS = ['partner', 'customer'];

function subjectOf(body: unknown): string {
  const own = firstOf(body, OWN);
  const owners = OWNERS.map((name) => {
    const key = firstOf(fieldOf(body, name), OWN);
    return key && `of ${name} ${key}`;
  });
  return [own, ...owners].filter(Boolean).join(' ');
}

function firstOf(object: unknown, names: readonly string[]): string | undefined {
  return names.map((name) => fieldOf(object, name)).find((value) => typeof value === 'string');
}

function fieldOf(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined;
}
