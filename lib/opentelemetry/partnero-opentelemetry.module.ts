import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { PartneroInstrumentation } from './partnero-instrumentation.js';

/**
 * Traces and metrics of all programs of the app, through the tracer and meter providers that are
 * registered with `@opentelemetry/api` when the app starts. Import it once, in the app module.
 *
 * @example
 * \@Module({ imports: [PartneroModule.forRoot(), PartneroOpenTelemetryModule] })
 * export class AppModule {}
 */
@Module({ imports: [DiscoveryModule], providers: [PartneroInstrumentation] })
export class PartneroOpenTelemetryModule {}
