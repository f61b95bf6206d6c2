import { Module, type DynamicModule } from '@nestjs/common';
import { PartneroModule } from 'nestjs-partnero';
import type { PartneroConnection } from '../partnero.connection.js';
import { AuthController } from './auth.controller.js';
import { CheckoutController } from './checkout.controller.js';
import { FakePaymentProvider } from './fake-payment-provider.js';
import { PaymentsController } from './payments.controller.js';
import { SalesController, FAKE_PARTNERO } from './sales.controller.js';
import { Users } from './users.js';
import { CONNECTED } from './connected.token.js';

@Module({
  controllers: [AuthController, CheckoutController, PaymentsController, SalesController],
  providers: [Users],
})
export class AppModule {
  /** A real app needs no more than `imports: [PartneroModule.forRoot()]` above. */
  static with({ options, fake }: PartneroConnection, isConnected: boolean): DynamicModule {
    return {
      module: AppModule,
      imports: [PartneroModule.forRoot(options)],
      providers: [
        { provide: FAKE_PARTNERO, useValue: fake },
        { provide: CONNECTED, useValue: isConnected },
        {
          provide: FakePaymentProvider,
          useValue: new FakePaymentProvider(isConnected ? fake : null),
        },
      ],
    };
  }
}
