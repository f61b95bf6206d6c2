import { Body, Controller, Get, Param, Post, Query, Redirect } from '@nestjs/common';
import { PartneroService, Referral, type ReferralContext } from 'nestjs-partnero';
import { Mailbox } from './mailbox.js';
import { Users } from './users.js';

@Controller()
export class AuthController {
  constructor(
    private readonly users: Users,
    private readonly mailbox: Mailbox,
    private readonly partnero: PartneroService,
  ) {}

  @Get()
  landing(): string {
    return `<!doctype html>
      <title>Acme Notes</title>
      <form method="post" action="/login">
        <label>E-mail <input name="email" type="email" required></label>
        <button>Send me a link</button>
      </form>`;
  }

  /** On the device where the visitor clicked the partner's link. */
  @Post('login')
  login(@Body() { email }: { email: string }, @Referral() referral: ReferralContext): string {
    const secret = this.users.invite({ email, referralToken: referral.toToken() });
    this.mailbox.send({ to: email, link: `/verify?secret=${secret}` });
    return 'Look into your mailbox, at /mailbox.';
  }

  /** Maybe days later and on another device: the browser sends no cookie of ours. */
  @Get('verify')
  @Redirect()
  async verify(@Query('secret') secret: string): Promise<{ url: string }> {
    const { user, pending } = this.users.confirm(secret);
    await this.partnero.attribute(this.partnero.referralFrom(pending.referralToken), user);
    return { url: `/status/${user.id}` };
  }

  @Get('mailbox')
  mails() {
    return this.mailbox.mails;
  }

  /** The status of the attribution; an empty list if nobody referred this user. */
  @Get('status/:id')
  status(@Param('id') id: string) {
    return this.partnero.outbox.find({ customerKey: id });
  }
}
