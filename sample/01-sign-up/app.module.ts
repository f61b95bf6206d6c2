import { Module, type DynamicModule } from '@nestjs/common';
import { PartneroModule } from 'nestjs-partnero';
import { AuthController } from './auth.controller.js';
import { FateController } from './fate.controller.js';
import { LandingController } from './landing.controller.js';
import type { PartneroConnection } from '../partnero.connection.js';
import { StandIn, StandInController } from './stand-in.controller.js';
import { Users } from './users.js';

@Module({
  controllers: [LandingController, AuthController, FateController, StandInController],
  providers: [Users],
})
export class AppModule {
  /** A real app needs no more than `imports: [PartneroModule.forRoot()]` above. */
  static with({ options, fake }: PartneroConnection): DynamicModule {
    return {
      module: AppModule,
      imports: [PartneroModule.forRoot(options)],
      providers: [{ provide: StandIn, useValue: new StandIn(fake) }],
    };
  }
}
