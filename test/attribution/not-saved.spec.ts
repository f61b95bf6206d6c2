import { Controller, Param, Post } from '@nestjs/common';
import { jest } from '@jest/globals';
import {
  AttributeReferral,
  PartneroService,
  Referral,
  sqliteOutbox,
  type Outcome,
  type OutboxDefinition,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { OutboxError } from '#lib/outbox/outbox.error.js';
import { ADAPTERS, closeApps, partnero, startApp } from '../support/app.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

class FullDiskError extends OutboxError {
  constructor(readonly reason: string) {
    super(`the disk is full (${reason})`);
  }
}

/** The reasons why the next jobs can't be saved; `null` for one that can. */
let refusals: (string | null)[];

function refusing(definition: OutboxDefinition): OutboxDefinition {
  return {
    ...definition,
    create(context) {
      const engine = definition.create(context);
      const enqueue = engine.enqueue.bind(engine);
      engine.enqueue = (...args) => {
        const reason = refusals.shift();
        return reason ? Promise.reject(new FullDiskError(reason)) : enqueue(...args);
      };
      engine.enqueueIn = (_, job) => engine.enqueue(job);
      return engine;
    },
  };
}

@Controller()
class AuthController {
  @Post('twice/:first/:second')
  @AttributeReferral(() => null)
  async twice(
    @Param() { first, second }: { first: string; second: string },
    @Referral() referral: ReferralContext,
  ) {
    await referral.attribute({ id: first });
    return { outcome: await referral.attribute({ id: second, email: 'ada@example.com' }) };
  }
}

let fake: FakePartnero;
let outcomes: Outcome[];

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  refusals = [];
  outcomes = [];
});

afterEach(async () => {
  jest.restoreAllMocks();
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const start = (adapter: 'express' | 'fastify' = 'express') =>
  startApp({
    adapter,
    imports: [
      partnero(fake, {
        outbox: refusing(sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` })),
        onOutcome: (outcome) => void outcomes.push(outcome),
      }),
    ],
    controllers: [AuthController],
  });

describe('an attribution in a transaction of the app that cannot be saved', () => {
  it('is an error with the customer, each minute anew, and an outcome with the reason', async () => {
    const { app, logger } = await start();
    const service = app.get(PartneroService);
    const attribute = (id: string) =>
      service.attribute({ key: 'ann' }, { id }, { transaction: {} });
    refusals = ['53100', '53100', '42P01'];
    expect(await attribute('user-1')).toBe('accept_failed');
    expect(await attribute('user-2')).toBe('accept_failed');
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + 61_000);
    expect(await attribute('user-3')).toBe('accept_failed');
    expect(logger.ours('error')).toEqual([
      expect.stringMatching(/An attribution is lost.*53100.*Customer user-1/),
      expect.stringMatching(/An attribution is lost.*42P01.*Customer user-3/),
    ]);
    expect(outcomes.map(({ reason }) => reason)).toEqual(['53100', '53100', '42P01']);
  });
});

describe.each(ADAPTERS)('a second attribute() that cannot be saved, on %s', (adapter) => {
  it('leaves the first one of the same customer as it is', async () => {
    const { app, url } = await start(adapter);
    refusals = [null, 'SQLITE_FULL'];
    const response = await visit(`${url}/twice/user-1/user-1`, { partner: 'ann' });
    expect(await response.json()).toEqual({ outcome: 'accept_failed' });
    await settled(app, 1);
    expect(fake.customers).toMatchObject([{ key: 'user-1', partner: { key: 'ann' } }]);
  });

  it('withdraws the first one of another customer', async () => {
    const { app, url } = await start(adapter);
    refusals = [null, 'SQLITE_FULL'];
    await visit(`${url}/twice/user-1/user-2`, { partner: 'ann' });
    expect((await settled(app, 1)).outcomes).toEqual({ discarded: 1 });
    expect(fake.customers).toEqual([]);
  });
});
