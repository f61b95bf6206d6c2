import { refusal, type FakeAnswer } from './fake-answer.js';
import { FakeCustomers } from './fake-customers.js';
import { FakeLeads } from './fake-leads.js';
import { FakeLinks } from './fake-links.js';
import { FakeOthers } from './fake-others.js';
import { FakePartners } from './fake-partners.js';
import { FakeProgram } from './fake-program.js';
import { FakeReferAFriend } from './fake-refer-a-friend.js';
import type { FakeCall } from './fake-request.js';
import type { FakeResource, FakeWorld } from './fake-resource.js';
import { FakeSubscribers } from './fake-subscribers.js';
import { FakeTransactions } from './fake-transactions.js';
import { FakeWebhooks } from './fake-webhooks.js';

/** All that the fake answers to. */
export class FakeRoutes {
  private readonly resources: readonly FakeResource[];

  constructor(private readonly world: FakeWorld) {
    const customers = new FakeCustomers(world);
    this.resources = [
      customers,
      new FakeReferAFriend(world, customers),
      new FakeTransactions(world, customers),
      new FakePartners(world),
      new FakeLinks(world),
      new FakeSubscribers(world),
      new FakeLeads(world),
      new FakeWebhooks(world),
      new FakeProgram(world),
      new FakeOthers(world),
    ];
  }

  handle(call: FakeCall): FakeAnswer {
    for (const resource of this.resources) {
      const answer = resource.handle(call);
      if (answer) return answer;
    }
    const { apiVariants } = this.world;
    return refusal(apiVariants, 404, `The route ${call.segments[0]} could not be found.`);
  }
}
