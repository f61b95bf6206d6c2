import {
  ForbiddenException,
  Injectable,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';

/**
 * Refuses what another site makes a browser send. Browsers say where a request comes from in
 * `Sec-Fetch-Site`, and without HTTPS in `Origin`; a request with neither is refused.
 */
@Injectable()
export class SameOriginGuard implements CanActivate {
  /** @throws ForbiddenException */
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Headers }>();
    const site = headers['sec-fetch-site'];
    if (site === undefined ? isOwnOrigin(headers) : site === 'same-origin') return true;
    throw new ForbiddenException('This request must come from the dashboard itself.');
  }
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function isOwnOrigin({ origin, host }: Headers): boolean {
  return typeof origin === 'string' && URL.canParse(origin) && new URL(origin).host === host;
}
