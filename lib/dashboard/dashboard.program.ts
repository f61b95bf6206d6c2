import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import type { PartneroService } from '../partnero.service.js';
import { getPartneroToken } from '../partnero.tokens.js';

/** Where the name of the program is provided that a dashboard shows. */
export const DASHBOARD_PROGRAM = 'nestjs-partnero:dashboard:program';

/** Finds the program that a dashboard shows, wherever in the app PartneroModule is imported. */
@Injectable()
export class DashboardProgram implements OnModuleInit {
  constructor(
    private readonly moduleRef: ModuleRef,
    @Inject(DASHBOARD_PROGRAM) private readonly name: string,
  ) {}

  get service(): PartneroService {
    return this.moduleRef.get(getPartneroToken(this.name), { strict: false });
  }

  /** @throws PartneroConfigurationError if there is no such program */
  onModuleInit(): void {
    try {
      void this.service;
    } catch {
      throw new PartneroConfigurationError(
        `PartneroDashboardModule shows the program '${this.name}', which this app doesn't have. Import ` +
          'PartneroModule.forRoot(), or give its name in the option program.',
      );
    }
  }
}
