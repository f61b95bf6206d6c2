import { Controller, Get } from '@nestjs/common';
import { PartneroService, type OutboxStats } from 'nestjs-partnero';
import { Commissions, type Commission } from './commissions.js';

/** The commissions, and the status of the events. */
@Controller('commissions')
export class CommissionsController {
  constructor(
    private readonly commissions: Commissions,
    private readonly partnero: PartneroService,
  ) {}

  @Get()
  async list(): Promise<{ commissions: Commission[]; inbox: OutboxStats }> {
    return {
      commissions: this.commissions.all,
      inbox: await this.partnero.webhooks.inbox.stats(),
    };
  }
}
