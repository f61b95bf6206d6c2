import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import OAuth2Strategy from 'passport-oauth2';
import { FakeProvider } from './fake-provider.js';
import { ReferralState } from './referral-state.js';
import { Users, type Person, type SignedInUser } from './users.js';

function optionsFor(
  name: string,
  { url }: FakeProvider,
  state: ReferralState,
): OAuth2Strategy.StrategyOptions {
  return {
    authorizationURL: `${url}/authorize`,
    tokenURL: `${url}/token`,
    clientID: 'sample',
    clientSecret: 'sample',
    callbackURL: `/auth/${name}/callback`,
    skipUserProfile: true,
    // Passport also takes stores that don't look at its metadata; its types don't say so.
    store: state as unknown as OAuth2Strategy.StateStore,
  };
}

async function personFrom({ url }: FakeProvider, accessToken: string): Promise<Person> {
  const headers = { authorization: `Bearer ${accessToken}` };
  return (await (await fetch(`${url}/userinfo`, { headers })).json()) as Person;
}

/** Comes back with a GET: the browser sends the cookie along. */
@Injectable()
export class GoogleStrategy extends PassportStrategy(OAuth2Strategy, 'google') {
  constructor(
    private readonly provider: FakeProvider,
    private readonly users: Users,
    state: ReferralState,
  ) {
    super(optionsFor('google', provider, state));
  }

  async validate(accessToken: string): Promise<SignedInUser> {
    return this.users.enter(await personFrom(this.provider, accessToken));
  }
}

/** Comes back with a POST from the provider's site: without cookies. */
@Injectable()
export class AppleStrategy extends PassportStrategy(OAuth2Strategy, 'apple') {
  constructor(
    private readonly provider: FakeProvider,
    private readonly users: Users,
    state: ReferralState,
  ) {
    super(optionsFor('apple', provider, state));
  }

  override authorizationParams(): object {
    return { response_mode: 'form_post' };
  }

  async validate(accessToken: string): Promise<SignedInUser> {
    return this.users.enter(await personFrom(this.provider, accessToken));
  }
}
