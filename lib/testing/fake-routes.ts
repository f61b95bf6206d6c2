import { refusal, success, type FakeAnswer } from './fake-answer.js';
import { FakeCustomers } from './fake-customers.js';
import type { FakeReadings } from './fake-readings.js';
import type { FakeCall } from './fake-request.js';
import type { FakeStore } from './fake-store.js';
import { FakeWebhooks } from './fake-webhooks.js';

/** All that the fake answers to. */
export class FakeRoutes {
  readonly webhooks: FakeWebhooks;
  private readonly customers: FakeCustomers;

  constructor(
    private readonly program: 'affiliate' | 'refer-a-friend',
    private readonly publicId: string,
    private readonly store: FakeStore,
    private readonly readings: FakeReadings,
  ) {
    this.customers = new FakeCustomers(program, store, readings);
    this.webhooks = new FakeWebhooks(program, readings);
  }

  handle(call: FakeCall): FakeAnswer {
    const answer = this.route(call);
    return (
      answer ?? refusal(this.readings, 404, `The route ${call.segments[0]} could not be found.`)
    );
  }

  private route(call: FakeCall): FakeAnswer | undefined {
    switch (call.segments[0]) {
      case 'customers':
      case 'customers:search':
        return this.customers.handle(call);
      case 'partner':
        return call.method === 'GET' ? this.partner(call) : undefined;
      case 'webhooks':
        return this.webhooks.handle(call);
      case 'test':
        return call.method === 'GET' ? this.test() : undefined;
      default:
        return undefined;
    }
  }

  private partner({ query }: FakeCall): FakeAnswer {
    const partner = this.store.partnerBy(query);
    if (!partner) return refusal(this.readings, 404, 'Partner not found.');
    const { id, email, name } = partner;
    return success(this.readings, { id, email, name, status: 'active' });
  }

  private test(): FakeAnswer {
    const type = this.program === 'affiliate' ? 'affiliate' : 'refer_a_friend';
    const { tellsPublicId } = this.readings;
    const program = tellsPublicId ? { type, pub_id: this.publicId } : { type };
    return success(this.readings, { program });
  }
}
