import { Controller, Get, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import {
  AttributeReferral,
  PartneroService,
  Referral,
  type ReferralContext,
} from 'nestjs-partnero';
import type { SignedInUser } from './users.js';

interface SignedInRequest {
  user: SignedInUser;
  authInfo: { state?: string };
}

interface RedirectingResponse {
  redirect(status: number, to: string): void;
}

@Controller()
export class AuthController {
  constructor(private readonly partnero: PartneroService) {}

  @Get()
  landing(): string {
    return `<!doctype html>
      <title>Acme Notes</title>
      <p><a href="/auth/google">Sign in with Google</a></p>
      <p><a href="/auth/apple">Sign in with Apple</a></p>`;
  }

  /** The guard sends the visitor to the provider. */
  @Get('auth/google')
  @UseGuards(AuthGuard('google'))
  toGoogle(): void {}

  @Get('auth/google/callback')
  @UseGuards(AuthGuard('google'))
  @AttributeReferral()
  async fromGoogle(
    @Req() { user }: SignedInRequest,
    @Res() response: RedirectingResponse,
    @Referral() referral: ReferralContext,
  ): Promise<void> {
    if (user.isNew) await referral.attribute(user);
    response.redirect(303, `/status/${user.id}`);
  }

  @Get('auth/apple')
  @UseGuards(AuthGuard('apple'))
  toApple(): void {}

  /** The provider's page posts this from another site, so the browser sends none of our cookies. */
  @Post('auth/apple/callback')
  @UseGuards(AuthGuard('apple'))
  async fromApple(
    @Req() { user, authInfo }: SignedInRequest,
    @Res() response: RedirectingResponse,
  ): Promise<void> {
    const referral = this.partnero.referralFrom(authInfo.state);
    if (user.isNew) await this.partnero.attribute(referral, user);
    response.redirect(303, `/status/${user.id}`);
  }

  /** The status of the attribution; an empty list if nobody referred this user. */
  @Get('status/:id')
  status(@Param('id') id: string) {
    return this.partnero.outbox.find({ customerKey: id });
  }
}
