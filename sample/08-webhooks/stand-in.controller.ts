import {
  Controller,
  NotFoundException,
  Param,
  Post,
  Query,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { FakeDelivery, FakePartnero } from 'nestjs-partnero/testing';
import { Commissions } from './commissions.js';

/** The stand-in for Partnero, if there is one. */
export class StandIn implements OnApplicationShutdown {
  constructor(private readonly fake: FakePartnero | null) {}

  tell(event: string, data: object): Promise<FakeDelivery[]> {
    if (!this.fake) throw new NotFoundException();
    return this.fake.sendEvent(event, data, { backoffMs: 100 });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.fake?.stop();
  }
}

/** Has Partnero tell of a sale, or of its refund. */
@Controller('stand-in')
export class StandInController {
  constructor(
    private readonly standIn: StandIn,
    private readonly commissions: Commissions,
  ) {}

  @Post('sale/:key')
  sale(@Param('key') key: string, @Query('fails') fails = '0'): Promise<FakeDelivery[]> {
    this.commissions.failFor(Number(fails));
    const rewards = [{ key, amount: 14.7, amount_units: 'USD', status: 'ok' }];
    const data = { key, amount: 49, amount_units: 'USD', rewards };
    return this.standIn.tell('transaction.created', data);
  }

  @Post('refund/:key')
  refund(@Param('key') key: string): Promise<FakeDelivery[]> {
    return this.standIn.tell('transaction.deleted', { key });
  }
}
