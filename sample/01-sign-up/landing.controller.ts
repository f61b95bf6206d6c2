import { Controller, Get, Header, Query, Res } from '@nestjs/common';
import { landingPage } from './pages.js';

interface CookieSetter {
  cookie(name: string, value: string, options: object): unknown;
}

const THIRTY_DAYS_MS = 30 * 86_400_000;

/** The page that a partner's link leads to. */
@Controller()
export class LandingController {
  @Get()
  @Header('Cache-Control', 'private, no-store')
  landing(@Query('aff') aff: unknown, @Res({ passthrough: true }) response: CookieSetter): string {
    // On a real page, Partnero's snippet sets this cookie in the browser.
    if (typeof aff === 'string' && aff !== '') {
      response.cookie('partnero_partner', aff, {
        maxAge: THIRTY_DAYS_MS,
        sameSite: 'lax',
        path: '/',
      });
    }
    return landingPage();
  }
}
