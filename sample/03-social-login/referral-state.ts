import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PartneroService } from 'nestjs-partnero';

/**
 * OAuth's `state`, which the provider sends back unchanged. It shows that the callback belongs to a
 * request of this app, and it carries the referral where no cookie is sent.
 *
 * A real app also binds it to the browser, with a cookie of its own that is `SameSite=None; Secure`.
 */
@Injectable()
export class ReferralState {
  private readonly secret = randomBytes(32);

  constructor(private readonly partnero: PartneroService) {}

  /** Passport calls this before it sends a visitor to the provider. */
  store(request: object, callback: (error: Error | null, state: string) => void): void {
    const token = this.partnero.referralFrom(request)?.toToken() ?? '';
    const state = `${randomUUID()}~${token}`;
    callback(null, `${state}~${this.sign(state)}`);
  }

  /** The handler finds the token in `request.authInfo.state`. */
  verify(
    _request: object,
    given: unknown,
    callback: (error: Error | null, isOurs: boolean, referralToken: string) => void,
  ): void {
    const [id, token = '', signature = ''] = String(given).split('~');
    const expected = Buffer.from(this.sign(`${id}~${token}`));
    const actual = Buffer.from(signature);
    const isOurs = actual.length === expected.length && timingSafeEqual(actual, expected);
    callback(null, isOurs, token);
  }

  private sign(state: string): string {
    return createHmac('sha256', this.secret).update(state).digest('base64url');
  }
}
