import { Controller, Get, Inject, type OnApplicationShutdown } from '@nestjs/common';
import { PartneroService, type ProgramStats } from 'nestjs-partnero';
import type { FakePartnero } from 'nestjs-partnero/testing';

/** The stand-in for Partnero, if there is one. */
export const STAND_IN = Symbol('stand-in');

/** What came of it: what Partnero has, and what became of what it was told. */
@Controller('sales')
export class SalesController implements OnApplicationShutdown {
  constructor(
    private readonly partnero: PartneroService,
    @Inject(STAND_IN) private readonly fake: FakePartnero | null,
  ) {}

  @Get()
  async list(): Promise<{ atPartnero: object[]; outbox: ProgramStats }> {
    const atPartnero: object[] = [];
    for await (const { key, customer, amount, amount_units } of this.partnero.transactions.list()) {
      atPartnero.push({ key, customer, amount, amount_units });
    }
    return { atPartnero, outbox: await this.partnero.outbox.stats() };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.fake?.stop();
  }
}
