import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PartneroService } from 'nestjs-partnero';

/**
 * OAuth's `state`: what the provider sends back as it was. It shows that the callback belongs to a
 * request of ours, and it carries who sent the visitor, where no cookie goes.
 *
 * A real app also binds it to the browser, with a cookie of its own that is `SameSite=None; Secure`.
 */
@Injectable()
export class ReferralState {
  private readonly secret = randomBytes(32);

  constructor(private readonly partnero: PartneroService) {}

  /** Passport asks for the state of a visitor whom it sends to the provider. */
  store(request: object, callback: (error: Error | null, state: string) => void): void {
    const token = this.partnero.referralFrom(request)?.toToken() ?? '';
    const state = `${randomUUID()}~${token}`;
    callback(null, `${state}~${this.sign(state)}`);
  }

  /** What it gives to Passport here, the handler finds in `request.authInfo.state`. */
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
