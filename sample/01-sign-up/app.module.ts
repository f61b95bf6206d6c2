import { Module, type DynamicModule } from '@nestjs/common';
import { PartneroModule } from 'nestjs-partnero';
import { PartneroDashboardModule } from 'nestjs-partnero/dashboard';
import { AccountController } from './account.controller.js';
import { AuthController } from './auth.controller.js';
import { FakeController, FakeSwitch } from './fake.controller.js';
import { LandingController } from './landing.controller.js';
import { LocalGuard } from './local.guard.js';
import { Panel } from './panel.js';
import type { PartneroConnection } from '../partnero.connection.js';
import { Users } from './users.js';

@Module({
  controllers: [LandingController, AuthController, AccountController, FakeController],
  providers: [Users, Panel],
})
export class AppModule {
  /** A real app needs no more than `imports: [PartneroModule.forRoot()]` above, and its own guard. */
  static with({ options, fake }: PartneroConnection): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PartneroModule.forRoot(options),
        PartneroDashboardModule.forRoot({ guards: [LocalGuard], actions: true }),
      ],
      providers: [{ provide: FakeSwitch, useValue: new FakeSwitch(fake) }],
    };
  }
}
