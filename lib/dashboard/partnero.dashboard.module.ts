import { Controller, Module, UseGuards, type DynamicModule, type Type } from '@nestjs/common';
import { ActingDashboardController, DashboardController } from './dashboard.controller.js';
import {
  resolveDashboardOptions,
  type PartneroDashboardOptions,
  type ResolvedDashboardOptions,
} from './dashboard.options.js';
import { DASHBOARD_PROGRAM, DashboardProgram } from './dashboard.program.js';

/**
 * A page for you and your support team: sign-ups over time, what is pending and why, dead letters,
 * webhooks, and why a customer was, or wasn't, credited. Works without JavaScript, on every outbox, on
 * Express and Fastify. Import it once per program, each with a path of its own.
 *
 * @example
 * \@Module({
 *   imports: [
 *     PartneroModule.forRoot(),
 *     PartneroDashboardModule.forRoot({ guards: [AdminGuard], imports: [AuthModule] }),
 *   ],
 * })
 * export class AppModule {}
 */
@Module({})
export class PartneroDashboardModule {
  /** @throws PartneroConfigurationError naming the option, such as a missing `guards` */
  static forRoot(options: PartneroDashboardOptions): DynamicModule {
    const resolved = resolveDashboardOptions(options);
    return {
      module: PartneroDashboardModule,
      imports: resolved.imports,
      controllers: [controllerAt(resolved)],
      providers: [{ provide: DASHBOARD_PROGRAM, useValue: resolved.program }, DashboardProgram],
    };
  }
}

function controllerAt({ path, guards, actions }: ResolvedDashboardOptions): Type {
  const Base: Type<DashboardController> = actions ? ActingDashboardController : DashboardController;

  @Controller(path)
  @UseGuards(...guards)
  class PartneroDashboardController extends Base {}
  return PartneroDashboardController;
}
