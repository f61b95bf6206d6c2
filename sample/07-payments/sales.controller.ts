import { Controller, Get, Inject, type OnApplicationShutdown } from '@nestjs/common';
import { PartneroService, type ProgramStats } from 'nestjs-partnero';
import type { FakePartnero } from 'nestjs-partnero/testing';

/** The fake Partnero, if there is one. */
export const FAKE_PARTNERO = Symbol('fake Partnero');

/** The sales at Partnero, and the status of the jobs that record them. */
@Controller('sales')
export class SalesController implements OnApplicationShutdown {
  constructor(
    private readonly partnero: PartneroService,
    @Inject(FAKE_PARTNERO) private readonly fake: FakePartnero | null,
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
