import { Controller, Param, Post } from '@nestjs/common';
import { checkoutMetadata } from 'nestjs-partnero';
import { PaymentProvider, type Payment } from './payment-provider.stand-in.js';

/** A user buys. What goes into the metadata is for Partnero, if the provider is connected there. */
@Controller('checkout')
export class CheckoutController {
  constructor(private readonly provider: PaymentProvider) {}

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
