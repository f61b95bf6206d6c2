import { Module, type DynamicModule } from '@nestjs/common';
import { PartneroModule } from 'nestjs-partnero';
import { AuthController } from './auth.controller.js';
import { FakeController, FakeSwitch } from './fake.controller.js';
import { LandingController } from './landing.controller.js';
import type { PartneroConnection } from '../partnero.connection.js';
import { StatusController } from './status.controller.js';
import { Users } from './users.js';

@Module({
  controllers: [LandingController, AuthController, StatusController, FakeController],
  providers: [Users],
})
export class AppModule {
  /** A real app needs no more than `imports: [PartneroModule.forRoot()]` above. */
  static with({ options, fake }: PartneroConnection): DynamicModule {
    return {
      module: AppModule,
      imports: [PartneroModule.forRoot(options)],
      providers: [{ provide: FakeSwitch, useValue: new FakeSwitch(fake) }],
    };
  }
}
