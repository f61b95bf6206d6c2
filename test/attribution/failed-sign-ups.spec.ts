import { createConnection } from 'node:net';
import {
  BadRequestException,
  Body,
  CanActivate,
  Catch,
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  ParseIntPipe,
  Post,
  Res,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  AttributeReferral,
  PartneroService,
  Referral,
  type Outcome,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { catchError, delay, map, of, take, throwError, concat } from 'rxjs';
import { ADAPTERS, closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

@Injectable()
class DenyGuard implements CanActivate {
  canActivate(): boolean {
    throw new ForbiddenException();
  }
}

/** A transaction that rolls back after the handler. */
@Injectable()
class RollBackInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(
      map(() => {
        throw new BadRequestException('rolled back');
      }),
    );
  }
}

/** The same, once the attribution has long been kept. */
@Injectable()
class LateRollBackInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(
      delay(80),
      map(() => {
        throw new BadRequestException('rolled back');
      }),
    );
  }
}

@Injectable()
class RescueInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(catchError(() => of({ rescued: true })));
  }
}

@Injectable()
class TakeOneInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(take(1));
  }
}

class NotQuite extends Error {}

@Catch(NotQuite)
@Injectable()
class GoodFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(_: NotQuite, host: ArgumentsHost): void {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { filtered: true }, 200);
  }
}

const gates = new Map<string, () => void>();
const gate = (name: string) => new Promise<void>((resolve) => gates.set(name, resolve));

@Controller()
class FailingController {
  @Post('throws')
  @AttributeReferral()
  throws() {
    throw new BadRequestException();
  }

  @Post('attributes-then-throws')
  @AttributeReferral()
  async attributesThenThrows(@Referral() referral: ReferralContext) {
    await referral.attribute({ id: 'too-early' });
    throw new BadRequestException();
  }

  @Post('denied')
  @UseGuards(DenyGuard)
  @AttributeReferral()
  denied() {
    return { id: 'denied' };
  }

  @Post('piped')
  @AttributeReferral()
  piped(@Body('age', ParseIntPipe) age: number) {
    return { id: `piped-${age}` };
  }

  @Post('rolled-back')
  @AttributeReferral()
  @UseInterceptors(RollBackInterceptor)
  rolledBack() {
    return { id: 'rolled-back' };
  }

  @Post('rolled-back-late')
  @AttributeReferral()
  @UseInterceptors(LateRollBackInterceptor)
  rolledBackLate() {
    return { id: 'rolled-back-late' };
  }

  @Post('rolled-back-inside')
  @UseInterceptors(RollBackInterceptor)
  @AttributeReferral()
  rolledBackInside() {
    return { id: 'rolled-back-inside' };
  }

  @Post('filtered')
  @UseFilters(GoodFilter)
  @AttributeReferral()
  async filtered(@Referral() referral: ReferralContext) {
    await referral.attribute({ id: 'filtered' });
    throw new NotQuite();
  }

  @Post('rescued')
  @AttributeReferral()
  @UseInterceptors(RescueInterceptor)
  async rescued(@Referral() referral: ReferralContext) {
    await referral.attribute({ id: 'rescued' });
    throw new BadRequestException();
  }

  @Post('observable-fails')
  @AttributeReferral()
  observableFails() {
    return concat(
      of({ id: 'half' }),
      throwError(() => new BadRequestException()),
    );
  }

  @Post('take-one')
  @AttributeReferral()
  @UseInterceptors(TakeOneInterceptor)
  takeOne() {
    return of({ id: 'taken' }, { id: 'never-seen' });
  }

  @Get('aborted')
  @AttributeReferral()
  async aborted() {
    await gate('aborted');
    return { id: 'aborted' };
  }

  @Get('aborted-and-failed')
  @AttributeReferral()
  async abortedAndFailed(@Referral() referral: ReferralContext) {
    await referral.attribute({ id: 'aborted-and-failed' });
    await gate('aborted-and-failed');
    throw new BadRequestException();
  }

  @Get('answers-then-fails')
  @AttributeReferral()
  async answersThenFails(
    @Res() response: { send(body: unknown): unknown },
    @Referral() referral: ReferralContext,
  ) {
    await referral.attribute({ id: 'answers-then-fails' });
    void response.send({ ok: true });
    await gate('answers-then-fails');
    throw new Error('after the answer');
  }

  @Get('answers-and-goes-on')
  @AttributeReferral()
  async answersAndGoesOn(
    @Res() response: { send(body: unknown): unknown },
    @Referral() referral: ReferralContext,
  ) {
    await referral.attribute({ id: 'answers-and-goes-on' });
    void response.send({ ok: true });
    await gate('answers-and-goes-on');
  }
}

describe.each(ADAPTERS)('a sign-up that fails, on %s', (adapter) => {
  let fake: FakePartnero;
  let running: RunningApp;
  let outcomes: Outcome[];

  beforeEach(async () => {
    outcomes = [];
    fake = await FakePartnero.start({ partners: ['ann'] });
    running = await startApp({
      adapter,
      imports: [partnero(fake, { holdMs: 60, onOutcome: (outcome) => outcomes.push(outcome) })],
      controllers: [FailingController],
      prepare: (app) => void app.enableShutdownHooks(),
    });
  });

  afterEach(async () => {
    for (const open of gates.values()) open();
    await closeApps();
    await fake.stop();
  });

  afterAll(removeTemporaryFolders);

  const stats = () => running.app.get(PartneroService).outbox.stats();

  it.each([
    ['the handler throws', 'throws', 400],
    ['a guard denies', 'denied', 403],
    ['a pipe rejects', 'piped', 400],
    ['an observable fails after an emission', 'observable-fails', 400],
    ['an inner interceptor rolls back', 'rolled-back-inside', 400],
  ])('is not attributed when %s', async (_, path, status) => {
    const response = await visit(`${running.url}/${path}`, { partner: 'ann', body: { age: 'x' } });
    expect(response.status).toBe(status);
    expect(await stats()).toMatchObject({ queued: 0, pending: 0 });
    expect(fake.requests).toHaveLength(0);
  });

  it.each([
    ['the handler throws after attributing', 'attributes-then-throws', 400],
    ['an outer interceptor rolls back', 'rolled-back', 400],
    ['an outer interceptor rolls back late', 'rolled-back-late', 400],
    ['a filter turns the error into an answer', 'filtered', 200],
    ['an outer interceptor turns the error into an answer', 'rescued', 201],
  ])('is discarded when %s', async (_, path, status) => {
    const response = await visit(`${running.url}/${path}`, { partner: 'ann' });
    expect(response.status).toBe(status);
    expect((await settled(running.app, 1)).outcomes).toEqual({ discarded: 1 });
    await eventually(() => outcomes.length === 1);
    expect(outcomes).toMatchObject([
      { outcome: 'discarded', jobName: 'attribution', program: 'default', referralKey: 'ann' },
    ]);
    expect(fake.requests).toHaveLength(0);
  });

  it('is attributed by its first emission when an outer interceptor takes no more', async () => {
    const response = await visit(`${running.url}/take-one`, { partner: 'ann' });
    expect(await response.json()).toEqual({ id: 'taken' });
    await settled(running.app, 1);
    expect(fake.customers.map(({ key }) => key)).toEqual(['taken']);
  });

  function hangUp(path: string): Promise<void> {
    const { port } = new URL(running.url);
    const socket = createConnection({ port: Number(port), host: '127.0.0.1' });
    socket.write(`GET /${path} HTTP/1.1\r\nHost: x\r\nCookie: partnero_partner=ann\r\n\r\n`);
    return new Promise((resolve) => {
      void eventually(() => gates.has(path)).then(() => {
        socket.once('close', () => resolve());
        socket.destroy();
      });
    });
  }

  it('is attributed when the visitor hangs up and the handler completes', async () => {
    gates.delete('aborted');
    await hangUp('aborted');
    gates.get('aborted')!();
    await settled(running.app, 1);
    expect(fake.customers.map(({ key }) => key)).toEqual(['aborted']);
  });

  it('is discarded when the visitor hangs up and the handler fails', async () => {
    gates.delete('aborted-and-failed');
    await hangUp('aborted-and-failed');
    gates.get('aborted-and-failed')!();
    expect((await settled(running.app, 1)).outcomes).toEqual({ discarded: 1 });
  });

  it('is discarded when the handler fails soon after a good answer', async () => {
    gates.delete('answers-then-fails');
    const response = await visit(`${running.url}/answers-then-fails`, {
      method: 'GET',
      partner: 'ann',
    });
    expect(response.status).toBe(200);
    gates.get('answers-then-fails')!();
    expect((await settled(running.app, 1)).outcomes).toEqual({ discarded: 1 });
  });

  it('is attributed after holdMs when the handler goes on after a good answer', async () => {
    gates.delete('answers-and-goes-on');
    await visit(`${running.url}/answers-and-goes-on`, { method: 'GET', partner: 'ann' });
    expect((await stats()).pending).toBe(1);
    await settled(running.app, 1);
    expect(fake.customers.map(({ key }) => key)).toEqual(['answers-and-goes-on']);
  });
});
