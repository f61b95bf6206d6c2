import type { IncomingMessage, ServerResponse } from 'node:http';
import { Body, Controller, Get, Module, Post, Req, Res, type DynamicModule } from '@nestjs/common';
import { AttributeReferral, PartneroModule, type PartneroModuleOptions } from 'nestjs-partnero';
import { PartneroOpenTelemetryModule } from 'nestjs-partnero/opentelemetry';
import { prometheus } from './telemetry.js';

@Controller()
class AuthController {
  private lastId = 0;

  @Post('signup')
  @AttributeReferral()
  signUp(@Body() { email }: { email: string }) {
    return { id: `user-${(this.lastId += 1)}-${Date.now()}`, email };
  }
}

/** What Prometheus scrapes. */
@Controller('metrics')
class MetricsController {
  @Get()
  metrics(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    prometheus.getMetricsRequestHandler(request, response);
  }
}

@Module({ controllers: [AuthController, MetricsController] })
export class AppModule {
  /** A real app has these in `imports` above. */
  static with(options: PartneroModuleOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [PartneroModule.forRoot(options), PartneroOpenTelemetryModule],
    };
  }
}
