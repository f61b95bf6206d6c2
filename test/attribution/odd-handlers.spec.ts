import { request as httpRequest } from 'node:http';
import {
  Controller,
  Injectable,
  Post,
  Res,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import {
  AttributeReferral,
  PartneroService,
  Referral,
  type CustomerInput,
  type Outcome,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { retry } from 'rxjs';
import { ADAPTERS, closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

@Injectable()
class RetryInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(retry(2));
  }
}

/** Lets its visitors wait until the response has ended by itself. */
@Injectable()
class SlowGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const response = context.switchToHttp().getResponse<{ raw?: Ended } & Ended>();
    const raw = response.raw ?? response;
    await eventually(() => raw.writableFinished || raw.destroyed);
    return true;
  }
}

interface Ended {
  writableFinished: boolean;
  destroyed: boolean;
}

/** As a decorator of another library does it. */
function Wrapped(): MethodDecorator {
  return (_, __, descriptor: PropertyDescriptor) => {
    const original = descriptor.value as (...args: unknown[]) => unknown;
    descriptor.value = function wrapper(this: unknown, ...args: unknown[]) {
      return original.apply(this, args);
    };
  };
}

const thenable = (customer: CustomerInput) => ({
  // oxlint-disable-next-line unicorn/no-thenable -- the very thing under test
  then: (resolve: (value: CustomerInput) => void) => resolve(customer),
});

@Controller()
class OddController {
  private tries = 0;

  @Post('retried')
  @UseInterceptors(RetryInterceptor)
  @AttributeReferral()
  retried() {
    this.tries += 1;
    if (this.tries < 3) throw new Error('not yet');
    return { id: 'retried' };
  }

  @Post('retried-by-hand')
  @UseInterceptors(RetryInterceptor)
  @AttributeReferral()
  async retriedByHand(@Referral() referral: ReferralContext) {
    this.tries += 1;
    await referral.attribute({ id: `try-${this.tries}` });
    if (this.tries < 3) throw new Error('not yet');
    return 'done';
  }

  @Post('ended-before')
  @UseGuards(SlowGuard)
  @AttributeReferral()
  endedBefore() {
    return { id: 'ended-before' };
  }

  @Post('thenable')
  @AttributeReferral(() => thenable({ id: 'thenable' }) as never)
  thenable() {
    return 'done';
  }

  @Post('rejecting')
  @AttributeReferral()
  async rejecting(@Referral() referral: ReferralContext) {
    await referral.attribute({ id: 'first' });
    return referral.attribute(Promise.reject(new Error('no')) as never);
  }

  @Post('logged')
  @AttributeReferral()
  logged(@Referral() referral: ReferralContext) {
    return { id: 'logged', log: JSON.stringify(referral) };
  }

  @Post('skipped')
  @AttributeReferral()
  async skipped(@Referral() referral: ReferralContext) {
    await referral.attribute({ id: 'skipped' });
    referral.skip();
    return 'done';
  }

  @Post('wrapped')
  @AttributeReferral()
  @Wrapped()
  wrapped(@Res() response: { send(body: unknown): unknown }) {
    response.send('done');
    return { id: 'not-looked-at' };
  }

  @Post('undecorated')
  undecorated(@Referral() referral: ReferralContext) {
    return referral.attribute({ id: 'undecorated' });
  }
}

describe.each(ADAPTERS)('on %s', (adapter) => {
  let fake: FakePartnero;
  let running: RunningApp;
  let outcomes: string[];

  const start = async (options: Parameters<typeof partnero>[1] = {}) => {
    running = await startApp({
      adapter,
      imports: [
        partnero(fake, {
          onOutcome: ({ outcome, reason }: Outcome) =>
            void outcomes.push(reason ? `${outcome} ${reason}` : outcome),
          ...options,
        }),
      ],
      controllers: [OddController],
      prepare: (app) => {
        app.use(
          '/ended-before',
          (
            _: unknown,
            response: NodeJS.WritableStream & { statusCode: number },
            next: () => void,
          ) => {
            if (answersEarly) {
              response.statusCode = 503;
              response.end('too slow');
            }
            next();
          },
        );
      },
    });
  };
  let answersEarly: boolean;

  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
    outcomes = [];
    answersEarly = false;
  });

  afterEach(async () => {
    await closeApps();
    await fake.stop();
  });

  afterAll(removeTemporaryFolders);

  const signUp = (route: string) => visit(`${running.url}/${route}`, { partner: 'ann' });
  const keys = () => fake.customers.map(({ key }) => key);

  it('a handler that an outer interceptor calls again is attributed by its last try', async () => {
    await start();
    expect((await signUp('retried')).status).toBe(201);
    await settled(running.app, 1);
    expect(keys()).toEqual(['retried']);
  });

  it('what earlier tries attributed is discarded', async () => {
    await start();
    expect((await signUp('retried-by-hand')).status).toBe(201);
    await settled(running.app, 3);
    expect(keys()).toEqual(['try-3']);
  });

  it('a visitor who left before the handler began is attributed if it completes', async () => {
    await start();
    const leaving = httpRequest(`${running.url}/ended-before`, {
      method: 'POST',
      headers: { cookie: 'partnero_partner=ann' },
    });
    leaving.once('error', () => {});
    leaving.end();
    await sleep(50);
    leaving.destroy();
    await settled(running.app, 1);
    expect(keys()).toEqual(['ended-before']);
  });

  it('a sign-up that was refused before the handler began is not', async () => {
    answersEarly = true;
    await start();
    expect((await signUp('ended-before')).status).toBe(503);
    if (adapter === 'express') await settled(running.app, 1);
    // On Fastify, what a middleware has answered goes no further.
    await sleep(50);
    expect(keys()).toEqual([]);
    expect((await running.app.get(PartneroService).outbox.stats()).pending).toBe(0);
  });

  it('a promise of any make is waited for', async () => {
    await start();
    await signUp('thenable');
    await settled(running.app, 1);
    expect(keys()).toEqual(['thenable']);
  });

  it('attribute() never rejects, and what was attributed before is not left hanging', async () => {
    await start();
    const response = await signUp('rejecting');
    expect([response.status, await response.text()]).toEqual([201, 'no_customer']);
    await settled(running.app, 1);
    expect(outcomes).toContain('no_customer unreadable');
  });

  it('can be logged', async () => {
    await start();
    const { log } = (await (await signUp('logged')).json()) as { log: string };
    expect(JSON.parse(log)).toEqual({ key: 'ann', source: 'cookie' });
  });

  it('attributed and then skipped has one outcome', async () => {
    await start();
    await signUp('skipped');
    await settled(running.app, 1);
    expect(outcomes).toEqual(['discarded']);
  });

  it('a handler under another library’s wrapper is known to write its response', async () => {
    await start();
    await signUp('wrapped');
    await eventually(() => outcomes.length === 1);
    expect(outcomes).toEqual(['no_customer']);
  });

  it('an onOutcome that is async, and rejects, is logged', async () => {
    const onOutcome: unknown = () => Promise.reject(new Error('no'));
    await start({ onOutcome: onOutcome as () => void });
    await signUp('logged');
    await settled(running.app, 1);
    await eventually(() => running.logger.ours('error').length > 0);
    expect(running.logger.ours('error')[0]).toContain('onOutcome threw Error');
  });

  it('a resolver slower than the handler’s beginning is waited for by attribute()', async () => {
    const resolve = async () => {
      await sleep(60);
      return 'ann';
    };
    await start({ acceptTimeoutMs: 20, referral: { resolve } });
    const outcome = await (await signUp('undecorated')).text();
    expect(['queued', 'accept_timeout']).toContain(outcome);
    await settled(running.app, 1);
    expect(keys()).toEqual(['undecorated']);
  });

  it('getters that throw fail nothing', async () => {
    await start();
    const service = running.app.get(PartneroService);
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
        has: () => true,
      },
    );
    expect(service.referralFrom(hostile)).toBeNull();
    expect(await service.attribute(hostile as never, { id: 'x' })).toBe('no_referral');
    expect(await service.attribute({ key: 'ann' }, hostile)).toBe('no_customer');
  });
});
