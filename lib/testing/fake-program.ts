import type { FakeAnswer } from './fake-answer.js';
import type { FakeCall } from './fake-request.js';
import { FakeResource } from './fake-resource.js';
import { textIn, type Fields, type Problems } from './fake-values.js';

const TYPES = {
  affiliate: { snake_case: 'affiliate', capitalised: 'Affiliate' },
  'refer-a-friend': { snake_case: 'refer_a_friend', capitalised: 'Referral' },
  newsletter: { snake_case: 'newsletter', capitalised: 'Newsletter' },
};

/** `/test`, `/program` and `/settings`. There is no way to delete the program. */
export class FakeProgram extends FakeResource {
  handle({ method, segments, body }: FakeCall): FakeAnswer | undefined {
    switch (`${method} ${segments.join('/')}`) {
      case 'GET test':
        return this.test();
      case 'GET program':
      case 'GET program/overview':
        return this.ok(this.show());
      case 'PUT program':
        return this.update(body);
      case 'PUT settings':
        return this.ok();
      default:
        return undefined;
    }
  }

  private test(): FakeAnswer {
    const { tellsPublicId, typeNames } = this.apiVariants;
    const type = TYPES[this.type][typeNames];
    const program = tellsPublicId ? { type, pub_id: this.world.publicId } : { type };
    return this.ok({ program });
  }

  private update(body: Fields): FakeAnswer {
    const { name, website } = body;
    const errors: Problems = {};
    if (website !== undefined && !URL.canParse(textIn(website))) {
      errors['website'] = ['The website must be a valid URL.'];
    }
    if (name !== undefined && textIn(name).length > 255) errors['name'] = ['The name is too long.'];
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    this.store.program = {
      ...this.store.program,
      ...(name === undefined ? {} : { name }),
      ...(website === undefined ? {} : { website }),
    };
    return this.ok();
  }

  private show(): Fields {
    const { customers, subscribers, transactions } = this.store;
    const { name } = this.store.program;
    if (this.type === 'newsletter') {
      const referred = subscribers.filter(({ referrer }) => referrer !== null);
      const totals = { total_subscribers: subscribers.length, total_referred: referred.length };
      return { id: 1, name, esp_type: null, esp_type_name: null, ...totals };
    }
    const program = {
      id: 1,
      public_id: this.world.publicId,
      type: TYPES[this.type].capitalised,
      ...this.store.program,
    };
    const stats = {
      customers: String(customers.length),
      transactions: String(transactions.length),
    };
    if (this.type === 'refer-a-friend' && this.apiVariants.referAFriendProgram === 'totals') {
      return { program, ...stats };
    }
    const program_settings = { currency: 'USD', cookie_lifetime: '30' };
    return { program, stats, program_settings, portal_settings: {} };
  }
}
