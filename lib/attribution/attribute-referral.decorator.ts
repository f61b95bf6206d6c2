import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { DEFAULT_PROGRAM } from '../program/program.tokens.js';
import { AttributeReferralInterceptor } from './attribute-referral.interceptor.js';
import {
  ATTRIBUTE_REFERRAL,
  type AttributeReferralMetadata,
  type AttributeReferralOptions,
  type CustomerMapper,
} from './attribute-referral.metadata.js';

/**
 * Attributes the sign-ups of a route (or of all routes of a controller) to the partner who sent the
 * visitor. The response is neither changed nor held up; a sign-up that fails isn't attributed.
 *
 * Without a mapper, the handler's result is the customer, if it has an `id` (or else a `key`) that
 * is a string, a number or a bigint.
 *
 * @example
 * \@Post('signup')
 * \@AttributeReferral()
 * signup(@Body() dto: SignupDto) { return this.users.create(dto) }
 *
 * @example
 * \@AttributeReferral((account: Account) => account.isNew ? { key: account.id, email: account.email } : null)
 */
export function AttributeReferral<Result = unknown, Request = unknown>(
  mapper?: CustomerMapper<Result, Request> | AttributeReferralOptions,
  options?: AttributeReferralOptions,
): MethodDecorator & ClassDecorator {
  const given = typeof mapper === 'function' ? mapper : undefined;
  const { name = DEFAULT_PROGRAM } = options ?? (typeof mapper === 'object' ? mapper : {});
  const metadata: AttributeReferralMetadata = {
    mapper: given as AttributeReferralMetadata['mapper'],
    program: name,
  };
  return applyDecorators(
    refuseSecond,
    SetMetadata(ATTRIBUTE_REFERRAL, metadata),
    UseInterceptors(AttributeReferralInterceptor),
  );
}

/** The second would take the place of the first, whose program would get nothing, in silence. */
function refuseSecond(target: object, name?: string | symbol, method?: PropertyDescriptor): void {
  const decorated = (method?.value ?? target) as object;
  if (!Reflect.hasOwnMetadata(ATTRIBUTE_REFERRAL, decorated)) return;
  const where = name === undefined ? (target as { name: string }).name : String(name);
  throw new PartneroConfigurationError(
    `${where} has two @AttributeReferral(). Keep one, and attribute to the other program by hand: ` +
      'inject its PartneroService with @InjectPartnero(), and call attribute().',
  );
}
