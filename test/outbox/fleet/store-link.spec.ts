import { jest } from '@jest/globals';
import type { FleetStoreError } from '#lib/outbox/fleet/fleet-store.error.js';
import { StoreLink } from '#lib/outbox/fleet/store-link.js';

class StaleError extends Error {}

/** A server, as far as connections to it are concerned. */
class Server {
  /** Connections that nothing comes back on. */
  readonly broken = new Set<number>();
  isAway = false;
  /** Connections on which nobody can be reached, and this is said. */
  readonly useless = new Set<number>();
  /** The next so many can't be made, without a word. */
  hanging = 0;
  made = 0;
  readonly link: StoreLink<number>;

  constructor() {
    this.link = new StoreLink<number>({
      server: 'The server',
      connect: () => {
        this.made += 1;
        const hangs = this.hanging > 0;
        if (hangs) this.hanging -= 1;
        return Promise.resolve({
          linked: hangs ? new Promise<never>(() => {}) : Promise.resolve(this.made),
          close: () => Promise.resolve(),
        });
      },
      isConnected: () => true,
      probe: (connection) => this.answer(connection),
      prepare: () => Promise.resolve(),
      isOutage: (error) => (error as Error).message !== 'refused',
      isStale: (error) => error instanceof StaleError,
      isForGood: () => false,
      describe: () => 'away',
    });
  }

  answer(connection: number): Promise<number> {
    if (this.useless.has(connection)) return Promise.reject(new Error('the pool is full'));
    if (this.isAway) return Promise.reject(new Error('away'));
    return this.broken.has(connection) ? new Promise(() => {}) : Promise.resolve(connection);
  }
}

const WAIT = { awayMs: 1_000, answerMs: 1_000 };
let server: Server;

beforeEach(async () => {
  jest.useFakeTimers();
  server = new Server();
  await server.link.start();
  await jest.advanceTimersByTimeAsync(200);
});

afterEach(async () => {
  await server.link.close();
  jest.useRealTimers();
});

/** What a call comes to, once so much time has passed. */
async function outcomeOf(call: Promise<unknown>, ms: number): Promise<unknown> {
  const settled = call.catch((error: unknown) => error);
  await jest.advanceTimersByTimeAsync(ms);
  return settled;
}

describe('the way to a store that others run', () => {
  it('is made anew when a connection broke and nobody noticed', async () => {
    server.broken.add(1);
    const call = server.link.call((connection) => server.answer(connection), WAIT);
    expect(await outcomeOf(call, 2_500)).toMatchObject({ problem: 'no_answer', fateUnknown: true });
    expect(server.link.problem).toBe('The server does not answer');
    await jest.advanceTimersByTimeAsync(11_000);
    expect(server.link.problem).toBeNull();
    expect(await server.link.call((connection) => server.answer(connection), WAIT)).toBe(2);
  });

  it('is made anew when everybody waits for connections that broke', async () => {
    server.useless.add(1);
    const call = server.link.call((connection) => server.answer(connection), WAIT);
    await outcomeOf(call, 2_500);
    await jest.advanceTimersByTimeAsync(11_000);
    expect(await server.link.call((connection) => server.answer(connection), WAIT)).toBe(2);
  });

  it('is made anew at once when its server is no longer the one that writes', async () => {
    const call = server.link.call((connection) => {
      return connection === 1 ? Promise.reject(new StaleError()) : Promise.resolve(connection);
    }, WAIT);
    await jest.advanceTimersByTimeAsync(1_500);
    expect(await call).toBe(2);
  });

  it('is made anew no more than once a second, though that is of no use', async () => {
    const call = server.link.call(() => Promise.reject(new StaleError()), WAIT);
    await outcomeOf(call, 5_000);
    expect(server.made).toBeLessThan(5);
  });

  it('is made anew when the making of it gets no answer', async () => {
    server.broken.add(1);
    server.hanging = 1;
    await outcomeOf(
      server.link.call((connection) => server.answer(connection), WAIT),
      2_500,
    );
    await jest.advanceTimersByTimeAsync(60_000);
    expect(server.made).toBe(3);
    expect(server.link.problem).toBeNull();
  });

  it('says that it may have been done, though the last that it heard is a refusal', async () => {
    let attempts = 0;
    const call = server.link.call(() => {
      attempts += 1;
      return Promise.reject(new Error(attempts === 1 ? 'connection terminated' : 'refused'));
    }, WAIT);
    expect(await outcomeOf(call, 1_500)).toMatchObject({ problem: 'refused', fateUnknown: true });
  });

  it('says that nothing was asked of a server that is away', async () => {
    server.isAway = true;
    await outcomeOf(
      server.link.call((connection) => server.answer(connection), WAIT),
      2_500,
    );
    const error = await outcomeOf(
      server.link.call(() => Promise.resolve(1), WAIT),
      1_500,
    );
    expect(error).toMatchObject({ problem: 'away', fateUnknown: false } as FleetStoreError);
  });

  it('says that it may have been done, if the connection broke before the answer', async () => {
    const call = server.link.call(() => {
      server.isAway = true;
      return Promise.reject(new Error('connection terminated'));
    }, WAIT);
    expect(await outcomeOf(call, 1_500)).toMatchObject({ fateUnknown: true });
  });
});
