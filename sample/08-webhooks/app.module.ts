import { Module, type DynamicModule } from '@nestjs/common';
import { PartneroModule } from 'nestjs-partnero';
import { Commissions } from './commissions.js';
import { CommissionsController } from './commissions.controller.js';
import { FakeController, FakeEvents } from './fake.controller.js';
import type { PartneroConnection } from './partnero.connection.js';
import { WebhookController } from './webhook.controller.js';

@Module({
  controllers: [WebhookController, CommissionsController, FakeController],
  providers: [Commissions],
})
export class AppModule {
  /** A real app has its options in `imports: [PartneroModule.forRoot({ webhooks: … })]` above. */
  static with({ options, fake }: PartneroConnection): DynamicModule {
    return {
      module: AppModule,
      imports: [PartneroModule.forRoot(options)],
      providers: [{ provide: FakeEvents, useValue: new FakeEvents(fake) }],
    };
  }
}
