import type { ApiCaller } from '../api.caller.js';
import { ListedResource } from '../api.resource.js';
import type { ApiVariants } from '../api.variants.js';
import type { CallOptions } from '../call-options.js';
import type { Listing } from '../listing.js';
import type { ListOptions } from '../page.js';
import { validateInput, withoutNulls } from '../validate-input.js';
import {
  CreateSubscriberDto,
  SubscriberReferenceDto,
  UpdateSubscriberDto,
} from './subscriber.dto.js';
import type { Subscriber } from './subscriber.model.js';

/** Which subscribers to list. */
export interface ListSubscribersOptions extends ListOptions {
  readonly referStatus?: 'referred' | 'non_referred' | undefined;
}

/**
 * Plain calls to `/subscribers`; newsletter programs. Only calls that are safe to repeat are retried.
 * They reject with a `PartneroError`: `not_found` if there is no such subscriber. CONFLICT, a
 * subscriber's own id: called `id` [docs][old-docs] or `identifier` [php]; see the option
 * `apiVariants.subscriberId`.
 */
export class SubscribersResource extends ListedResource<Subscriber, ListSubscribersOptions> {
  readonly #idField: ApiVariants['subscriberId'];

  constructor(caller: ApiCaller, { subscriberId }: ApiVariants) {
    super(caller);
    this.#idField = subscriberId;
  }

  /**
   * `POST /subscribers`. [docs][old-docs]
   * @throws PartneroError `validation`: a field is wrong, or the e-mail is taken
   */
  async create(input: CreateSubscriberDto, options: CallOptions = {}): Promise<Subscriber> {
    const { id, referral, ...fields } = validateInput(CreateSubscriberDto, input);
    const body = {
      ...withoutNulls(fields),
      ...(id ? { [this.#idField]: id } : {}),
      ...(referral ? { referral: this.#named(referral) } : {}),
    };
    return this.write({ method: 'POST', path: ['subscribers'], body }, options);
  }

  /** `GET /subscribers/{id or e-mail}`. [php] */
  async get(subscriber: SubscriberReferenceDto, options: CallOptions = {}): Promise<Subscriber> {
    const { id, email } = validateInput(SubscriberReferenceDto, subscriber);
    return this.read({ path: ['subscribers', id ?? email ?? ''] }, options);
  }

  /**
   * `PUT /subscribers`, with the subscriber in the body; what is absent stays as it is. [php]
   * @throws PartneroError `not_found`; `validation`: the new e-mail is taken
   */
  async update(
    subscriber: SubscriberReferenceDto,
    changes: UpdateSubscriberDto,
    options: CallOptions = {},
  ): Promise<Subscriber> {
    const named = this.#named(validateInput(SubscriberReferenceDto, subscriber));
    const body = { ...named, update: validateInput(UpdateSubscriberDto, changes) };
    return this.write({ method: 'PUT', path: ['subscribers'], body }, options);
  }

  /** `DELETE /subscribers`, with the subscriber in the body. [php] */
  async delete(subscriber: SubscriberReferenceDto, options: CallOptions = {}): Promise<void> {
    const body = this.#named(validateInput(SubscriberReferenceDto, subscriber));
    const path = ['subscribers'];
    await this.carryOut({ method: 'DELETE', path, body, doneIf: 'not_found' }, options);
  }

  /** `GET /subscribers`. [old-docs][php] */
  list(options: ListSubscribersOptions = {}): Listing<Subscriber> {
    const query = { refer_status: options.referStatus };
    return this.listing({ path: ['subscribers'], query }, options);
  }

  /** `GET /subscribers:search`. Empty if nobody is found. [php] */
  async search(
    subscriber: SubscriberReferenceDto,
    options: CallOptions = {},
  ): Promise<Subscriber[]> {
    const query = this.#named(validateInput(SubscriberReferenceDto, subscriber));
    return this.find({ path: ['subscribers:search'], query }, options);
  }

  #named({ id, email }: SubscriberReferenceDto): Record<string, string | undefined> {
    return id === undefined ? { email } : { [this.#idField]: id };
  }
}
