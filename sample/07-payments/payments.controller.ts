import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { fromMinorUnits, PartneroService } from 'nestjs-partnero';
import { CONNECTED } from './connected.token.js';
import type { PaymentEvent } from './fake-payment-provider.js';

/**
 * The payment provider's webhook. The provider repeats each delivery that isn't answered 2xx, and some
 * that were. A real app checks the signature first.
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
    // A provider that is connected in Partnero reports its sales there itself.
    if (this.isConnected) return;
    if (type === 'invoice.refunded') {
      await this.partnero.transactions.refund(invoice.id);
      return;
    }
    // Rejects if the sale can't be saved. The provider then receives 500 and delivers again.
    await this.partnero.transactions.record({
      key: invoice.id,
      customer: { key: invoice.client },
      amount: fromMinorUnits(invoice.amount, invoice.currency),
    });
  }
}
