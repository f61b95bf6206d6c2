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

/** Has the fake Partnero send events, if there is one. */
export class FakeEvents implements OnApplicationShutdown {
  constructor(private readonly fake: FakePartnero | null) {}

  send(event: string, data: object): Promise<FakeDelivery[]> {
    if (!this.fake) throw new NotFoundException();
    return this.fake.sendEvent(event, data, { backoffMs: 100 });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.fake?.stop();
  }
}

/** Makes a sale or its refund happen at the fake Partnero. */
@Controller('fake')
export class FakeController {
  constructor(
    private readonly events: FakeEvents,
    private readonly commissions: Commissions,
  ) {}

  @Post('sale/:key')
  sale(@Param('key') key: string, @Query('fails') fails = '0'): Promise<FakeDelivery[]> {
    this.commissions.failFor(Number(fails));
    const rewards = [{ key, amount: 14.7, amount_units: 'USD', status: 'ok' }];
    const data = { key, amount: 49, amount_units: 'USD', rewards };
    return this.events.send('transaction.created', data);
  }

  @Post('refund/:key')
  refund(@Param('key') key: string): Promise<FakeDelivery[]> {
    return this.events.send('transaction.deleted', { key });
  }
}
