import { Module, type DynamicModule } from '@nestjs/common';
import { PartneroModule } from 'nestjs-partnero';
import type { PartneroConnection } from '../partnero.connection.js';
import { AuthController } from './auth.controller.js';
import { CheckoutController } from './checkout.controller.js';
import { PaymentProvider } from './payment-provider.stand-in.js';
import { PaymentsController } from './payments.controller.js';
import { SalesController, STAND_IN } from './sales.controller.js';
import { Users } from './users.js';
import { CONNECTED } from './way.js';

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
        { provide: STAND_IN, useValue: fake },
        { provide: CONNECTED, useValue: isConnected },
        { provide: PaymentProvider, useValue: new PaymentProvider(isConnected ? fake : null) },
      ],
    };
  }
}
