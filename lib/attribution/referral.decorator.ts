import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ReferralPipe, type ReferralParameter } from './referral.pipe.js';

// A function, not the context itself: pipes that walk through values must not walk through it.
const InjectReferral = createParamDecorator(
  (_: ReferralParameter | undefined, context: ExecutionContext) => () => context,
);

/**
 * Injects the {@link ReferralContext}: who sent this visitor, and the means to attribute a sign-up by
 * hand. Works on any route.
 *
 * @example
 * \@Get('google/callback')
 * \@AttributeReferral()
 * async callback(@Req() req, @Res() res, @Referral() referral: ReferralContext) {
 *   if (req.user.isNew) await referral.attribute({ key: req.user.id, email: req.user.email })
 *   res.redirect('/welcome')
 * }
 */
export function Referral(parameter: ReferralParameter = {}): ParameterDecorator {
  return InjectReferral(parameter, ReferralPipe);
}
