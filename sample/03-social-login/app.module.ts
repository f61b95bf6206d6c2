import { Module, type DynamicModule } from '@nestjs/common';
import { PartneroModule, type PartneroModuleOptions } from 'nestjs-partnero';
import { AuthController } from './auth.controller.js';
import { FakeProvider } from './fake-provider.js';
import { AppleStrategy, GoogleStrategy } from './provider.strategies.js';
import { ReferralState } from './referral-state.js';
import { Users } from './users.js';

@Module({
  controllers: [AuthController],
  providers: [Users, ReferralState, GoogleStrategy, AppleStrategy],
})
export class AppModule {
  static with(options: PartneroModuleOptions, provider: FakeProvider): DynamicModule {
    return {
      module: AppModule,
      imports: [PartneroModule.forRoot(options)],
      providers: [{ provide: FakeProvider, useValue: provider }],
    };
  }
}
