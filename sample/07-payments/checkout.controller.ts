import { Controller, Param, Post } from '@nestjs/common';
import { checkoutMetadata } from 'nestjs-partnero';
import { FakePaymentProvider, type Payment } from './fake-payment-provider.js';

/** A user buys. Partnero reads the metadata if the provider is connected there. */
@Controller('checkout')
export class CheckoutController {
  constructor(private readonly provider: FakePaymentProvider) {}

  @Post(':userId')
  buy(@Param('userId') userId: string): Promise<Payment> {
    return this.provider.charge({
      amount: 4900,
      currency: 'usd',
      client: userId,
      metadata: checkoutMetadata(userId),
    });
  }

  @Post('refund/:invoice')
  async refund(@Param('invoice') invoice: string): Promise<{ refunded: string }> {
    await this.provider.refund(invoice);
    return { refunded: invoice };
  }
}
