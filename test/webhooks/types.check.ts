// What the compiler must accept and refuse. Checked by `npm run lint`, which compiles the tests.
import {
  OnPartneroEvent,
  type PartneroEventOf,
  type PartneroWebhookEvent,
  type WebhooksService,
} from 'nestjs-partnero';

export class Handlers {
  @OnPartneroEvent('transaction.created')
  amount(event: PartneroEventOf<'transaction.created'>): number | undefined {
    return event.data.amount;
  }

  @OnPartneroEvent('transaction.created')
  any(event: PartneroWebhookEvent): string {
    return event.name;
  }

  @OnPartneroEvent('partner.created')
  nothing(): void {}

  @OnPartneroEvent(['partner.created', 'lead.submitted'])
  both(event: PartneroEventOf<'partner.created' | 'lead.submitted'>): string | number | undefined {
    return event.type === 'lead.submitted' ? event.data.id : event.data.email?.length;
  }

  @OnPartneroEvent('of.tomorrow')
  unknown(event: PartneroEventOf<'of.tomorrow'>): unknown {
    return event.type === 'unknown' ? event.data : undefined;
  }

  // @ts-expect-error the handler takes another event
  @OnPartneroEvent('transaction.created')
  other(event: PartneroEventOf<'partner.created'>): unknown {
    return event;
  }

  // @ts-expect-error the handler gets other events too
  @OnPartneroEvent('*')
  everything(event: PartneroEventOf<'partner.created'>): unknown {
    return event;
  }

  // @ts-expect-error the second argument is a signal
  @OnPartneroEvent('partner.created')
  request(event: PartneroEventOf<'partner.created'>, request: string): unknown {
    return [event, request];
  }
}

export function narrowed(event: PartneroWebhookEvent): string | number | undefined {
  switch (event.type) {
    case 'transaction.created':
      return event.data.rewards?.[0]?.amount;
    case 'customer.created':
      // @ts-expect-error a customer has no rewards
      return event.data.rewards[0].amount;
    case 'unknown':
      // @ts-expect-error the data is unknown
      return event.data.id;
    default:
      return event.name;
  }
}

export function dispatched(webhooks: WebhooksService, event: PartneroWebhookEvent): unknown[] {
  return [
    webhooks.dispatch(event),
    // @ts-expect-error this isn't an event
    webhooks.dispatch({ event: 'partner.created', data: {} }),
  ];
}
