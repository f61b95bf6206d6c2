import { randomBytes } from 'node:crypto';
import { refusal, success, type FakeAnswer } from './fake-answer.js';
import { paginate } from './fake-pages.js';
import type { FakeRecipient } from './fake-event.sender.js';
import type { FakeReadings } from './fake-readings.js';
import type { FakeCall } from './fake-request.js';

/** A webhook that was made at the fake. */
export interface FakeWebhook {
  key: string;
  name: string;
  url: string;
  events: string[];
  isActive: boolean;
  /** What deliveries are signed with. */
  signature: string;
}

type Fields = Record<string, unknown>;

/** `/webhooks`. */
export class FakeWebhooks {
  readonly all: FakeWebhook[] = [];

  constructor(
    private readonly program: 'affiliate' | 'refer-a-friend',
    private readonly readings: FakeReadings,
  ) {}

  /** `undefined`: no such route. */
  handle(call: FakeCall): FakeAnswer | undefined {
    const [, key, further] = call.segments;
    if (further !== undefined) return undefined;
    if (key === undefined) return this.collection(call);
    const webhook = this.all.find((each) => each.key === key);
    switch (call.method) {
      case 'GET':
        return webhook ? success(this.readings, show(webhook)) : this.notFound();
      case 'PUT':
        return webhook ? this.update(webhook, call.body) : this.notFound();
      case 'DELETE':
        return webhook ? this.remove(webhook) : this.notFound();
      default:
        return undefined;
    }
  }

  add(fields: Partial<FakeWebhook> & { url: string; events: string[] }): FakeWebhook {
    const webhook: FakeWebhook = {
      key: randomBytes(6).toString('hex'),
      name: 'webhook',
      isActive: true,
      signature: randomBytes(8).toString('hex'),
      ...fields,
    };
    this.all.push(webhook);
    return webhook;
  }

  subscribersOf(event: string): FakeRecipient[] {
    return this.all
      .filter(({ isActive, events }) => isActive && events.includes(event))
      .map(({ key, url, signature }) => ({ url, webhookKey: key, secret: signature }));
  }

  private collection({ method, query, body }: FakeCall): FakeAnswer | undefined {
    if (method === 'POST') return this.create(body);
    if (method !== 'GET') return undefined;
    return paginate(this.all, query, this.readings, '/webhooks', show);
  }

  private create(body: Fields): FakeAnswer {
    const errors = this.check(body, { required: true });
    const given = this.readings.webhookKeys === 'generated' ? undefined : body['key'];
    if (this.readings.webhookKeys === 'unique' && this.all.some(({ key }) => key === given)) {
      errors['key'] = ['The key has already been taken.'];
    }
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    const key = typeof given === 'string' ? { key: given } : {};
    const webhook = this.add({ ...fieldsOf(body), ...key } as FakeWebhook);
    return success(this.readings, show(webhook), this.readings.createStatus);
  }

  private update(webhook: FakeWebhook, body: Fields): FakeAnswer {
    const errors = this.check(body, { required: false });
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    Object.assign(webhook, fieldsOf(body));
    return success(this.readings, show(webhook));
  }

  private remove(webhook: FakeWebhook): FakeAnswer {
    this.all.splice(this.all.indexOf(webhook), 1);
    return success(this.readings, undefined);
  }

  private check(body: Fields, { required }: { required: boolean }): Record<string, string[]> {
    const errors: Record<string, string[]> = {};
    for (const name of ['name', 'url', 'events']) {
      if (required && !body[name]) errors[name] = [`The ${name} field is required.`];
    }
    const { events = [] } = body;
    const known = this.program === 'affiliate' ? AFFILIATE : REFER_A_FRIEND;
    const isKnown = (event: unknown) => known.includes(String(event).split('.')[0]!);
    if (!Array.isArray(events) || !events.every(isKnown)) {
      errors['events'] = ['The selected events are invalid.'];
    }
    return errors;
  }

  private invalid(errors: Record<string, string[]>): FakeAnswer {
    return refusal(this.readings, 422, 'The given data was invalid.', errors);
  }

  private notFound(): FakeAnswer {
    return refusal(this.readings, 404, 'Webhook not found.');
  }
}

/** What the vendor's own client says a program of the type has events of. */
const AFFILIATE = ['partner', 'customer', 'transaction', 'lead', 'reward'];
const REFER_A_FRIEND = ['customer', 'transaction', 'reward'];

function show({ isActive, ...webhook }: FakeWebhook): Fields {
  return { ...webhook, is_active: isActive };
}

function fieldsOf({ name, url, events, is_active: isActive }: Fields): Partial<FakeWebhook> {
  return {
    ...(name === undefined ? {} : { name: name as string }),
    ...(url === undefined ? {} : { url: url as string }),
    ...(events === undefined ? {} : { events: events as string[] }),
    ...(isActive === undefined ? {} : { isActive: Boolean(isActive) }),
  };
}
