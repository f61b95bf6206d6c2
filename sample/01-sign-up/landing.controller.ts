import { Controller, Get } from '@nestjs/common';
import { landingPage } from './pages.js';

/** The page that a partner's link leads to. */
@Controller()
export class LandingController {
  @Get()
  landing(): string {
    return landingPage();
  }
}
