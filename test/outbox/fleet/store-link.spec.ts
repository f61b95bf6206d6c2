import { jest } from '@jest/globals';
import type { FleetStoreError } from '#lib/outbox/fleet/fleet-store.error.js';
import { StoreLink } from '#lib/outbox/fleet/store-link.js';

/** A server, as far as connections to it are concerned. */
class Server {
  /** Connections that nothing comes back on. */
  readonly broken = new Set<number>();
  isAway = false;
  made = 0;
  readonly link: StoreLink<number>;

  constructor() {
    this.link = new StoreLink<number>({
      server: 'The server',
      connect: () => {
        this.made += 1;
        return Promise.resolve({
          linked: Promise.resolve(this.made),
          close: () => Promise.resolve(),
        });
      },
      isConnected: () => true,
      probe: (connection) => this.answer(connection),
      renew: () => this.link.reopen(),
      prepare: () => Promise.resolve(),
      isOutage: () => true,
      isForGood: () => false,
      describe: () => 'away',
    });
  }

  answer(connection: number): Promise<number> {
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
