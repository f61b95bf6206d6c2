import { Controller, Get, Req } from '@nestjs/common';
import { PartneroService } from 'nestjs-partnero';
import { landingPage } from './pages.js';
import { Panel } from './panel.js';

/** The page that a partner's link leads to. */
@Controller()
export class LandingController {
  constructor(
    private readonly partnero: PartneroService,
    private readonly panel: Panel,
  ) {}

  @Get()
  async landing(@Req() request: Request): Promise<string> {
    const referral = this.partnero.referralFrom(request);
    return landingPage(referral?.key ?? null, await this.panel.state());
  }
}
