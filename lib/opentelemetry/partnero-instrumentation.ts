import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, ModuleRef } from '@nestjs/core';
import { metrics, trace } from '@opentelemetry/api';
import { getPartneroToken } from '../partnero.tokens.js';
import { PartneroLifecycle } from '../program/partnero.lifecycle.js';
import { VERSION } from '../version.js';
import { countJobs } from './job-counters.js';
import { traceJobs } from './job-spans.js';
import { gaugeOutboxes, type NamedProgram } from './outbox-gauges.js';

const SCOPE = 'nestjs-partnero';

/** Apps of this process that are instrumented. Channels belong to the process: one subscription is enough. */
let apps = 0;
let stopJobs: (() => void)[] = [];

/** Makes spans and metrics of the channels' messages while the app runs, and of its programs' stats. */
@Injectable()
export class PartneroInstrumentation implements OnModuleInit, OnApplicationShutdown {
  private stopGauges: (() => void) | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly moduleRef: ModuleRef,
  ) {}

  onModuleInit(): void {
    const meter = metrics.getMeter(SCOPE, VERSION);
    apps += 1;
    if (apps === 1) {
      stopJobs = [countJobs(meter), traceJobs(trace.getTracer(SCOPE, VERSION), meter)];
    }
    this.stopGauges = gaugeOutboxes(meter, this.programs());
  }

  /** Late, so that what is delivered during the shutdown counts. */
  onApplicationShutdown(): void {
    if (!this.stopGauges) return;
    this.stopGauges();
    this.stopGauges = undefined;
    apps -= 1;
    if (apps > 0) return;
    for (const stop of stopJobs.splice(0)) stop();
  }

  private programs(): NamedProgram[] {
    const instances = this.discovery.getProviders().map(({ instance }) => instance as unknown);
    const lifecycles = instances.filter((each) => each instanceof PartneroLifecycle);
    return [...new Set(lifecycles.map(({ name }) => name))].map((name) => ({
      name,
      service: this.moduleRef.get(getPartneroToken(name), { strict: false }),
    }));
  }
}
