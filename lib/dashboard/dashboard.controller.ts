import {
  applyDecorators,
  BadRequestException,
  Get,
  Header,
  Inject,
  NotFoundException,
  Param,
  Post,
  Query,
  Redirect,
  Req,
  UseGuards,
} from '@nestjs/common';
import { errorMessage } from '../common/error-message.js';
import { within } from '../common/within.js';
import { readData } from './dashboard.data.js';
import { DashboardProgram } from './dashboard.program.js';
import { dashboardPage, problemPage } from './page.js';
import { SameOriginGuard } from './same-origin.guard.js';
import { STYLESHEET } from './stylesheet.js';

/** What Express's requests and Fastify's have in common. */
interface DashboardRequest {
  readonly originalUrl?: string;
  readonly url: string;
}

const TIMEOUT_MS = 5_000;

const Page = () =>
  applyDecorators(
    Header('Content-Type', 'text/html; charset=utf-8'),
    Header('Cache-Control', 'no-store'),
    Header(
      'Content-Security-Policy',
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    Header('X-Content-Type-Options', 'nosniff'),
    // Without an origin, its own forms would be refused.
    Header('Referrer-Policy', 'same-origin'),
  );

/** The page and its stylesheet. The module gives it a path and the app's guards. */
export class DashboardController {
  protected readonly actions: boolean = false;

  constructor(@Inject(DashboardProgram) protected readonly program: DashboardProgram) {}

  @Get()
  @Page()
  async page(
    @Req() request: DashboardRequest,
    @Query('customer') customer: unknown,
    @Query('refresh') refresh: unknown,
    @Query('requeued') requeued: unknown,
  ): Promise<string> {
    const base = baseFrom(request, 0);
    const searched = (typeof customer === 'string' && customer.trim()) || null;
    try {
      const data = await within(TIMEOUT_MS, readData(this.program.service, searched));
      if (!data) return problemPage('it does not respond.', { base });
      return dashboardPage(data, {
        base,
        actions: this.actions,
        now: Date.now(),
        refresh: numberFrom(refresh) || null,
        requeued: numberFrom(requeued),
      });
    } catch (error) {
      return problemPage(errorMessage(error), { base });
    }
  }

  @Get('style.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  @Header('Cache-Control', 'private, max-age=3600')
  @Header('X-Content-Type-Options', 'nosniff')
  stylesheet(): string {
    return STYLESHEET;
  }
}

/** The same with buttons. */
export class ActingDashboardController extends DashboardController {
  protected override readonly actions = true;

  @Post('requeue/:queue')
  @UseGuards(SameOriginGuard)
  @Redirect(undefined, 303)
  async requeue(
    @Req() request: DashboardRequest,
    @Param('queue') queue: string,
    @Query('id') id: unknown,
    @Query('all') all: unknown,
  ): Promise<{ url: string }> {
    const { outbox, webhooks } = this.program.service;
    if (queue !== 'outbox' && queue !== 'inbox') throw new NotFoundException();
    if (typeof id !== 'string' && all !== 'true') {
      throw new BadRequestException('Say which dead letter to requeue: id, or all=true.');
    }
    const target = queue === 'outbox' ? outbox : webhooks.inbox;
    const requeued = await target.requeue(typeof id === 'string' ? id : {});
    return { url: `${baseFrom(request, 2)}?requeued=${requeued}` };
  }
}

/**
 * The address of the page, relative to that of the request: right below any prefix, of the app or of a
 * proxy.
 *
 * @param depth how many segments the request's path has more than the page's
 */
function baseFrom({ originalUrl, url }: DashboardRequest, depth: number): string {
  const [path = ''] = (originalUrl ?? url).split('?');
  const segments = path.split('/');
  const last = segments.at(-1 - depth) ?? '';
  if (depth > 0) return '../'.repeat(depth) + last;
  // Behind a trailing slash, the page is a folder.
  return last === '' ? '.' : `./${last}`;
}

function numberFrom(value: unknown): number | null {
  return typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : null;
}
