import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { fromMinorUnits, PartneroService } from 'nestjs-partnero';
import { CONNECTED } from './way.js';
import type { PaymentEvent } from './payment-provider.stand-in.js';

/**
 * The payment provider's webhook. It delivers again what isn't answered 2xx, and now and then what was;
 * a real app checks its signature first.
 */
@Controller('webhooks/payments')
export class PaymentsController {
  constructor(
    private readonly partnero: PartneroService,
    @Inject(CONNECTED) private readonly isConnected: boolean,
  ) {}

  @Post()
  @HttpCode(200)
  async receive(@Body() { type, invoice }: PaymentEvent): Promise<void> {
    // Connected in Partnero, the provider tells Partnero of its sales itself: once is enough.
    if (this.isConnected) return;
    if (type === 'invoice.refunded') {
      await this.partnero.transactions.refund(invoice.id);
      return;
    }
    // If it can't be kept, this rejects, the provider is answered 500, and delivers again.
    await this.partnero.transactions.record({
      key: invoice.id,
      customer: { key: invoice.client },
      amount: fromMinorUnits(invoice.amount, invoice.currency),
    });
  }
}
