import type { ApiCaller } from '../api.caller.js';
import type { ApiVariants } from '../api.variants.js';
import { ApiResource } from '../api.resource.js';
import type { CallOptions } from '../call-options.js';
import type { Listing } from '../listing.js';
import type { ListOptions, Page } from '../page.js';
import { validateInput } from '../validate-input.js';
import { withoutNulls } from '../without-nulls.js';
import { CreateSubscriberDto } from './create-subscriber.dto.js';
import { SubscriberReferenceDto } from './subscriber-reference.dto.js';
import type { Subscriber } from './subscriber.model.js';
import { UpdateSubscriberDto } from './update-subscriber.dto.js';

/** Which subscribers to list. */
export interface ListSubscribersOptions extends ListOptions {
  readonly referStatus?: 'referred' | 'non_referred' | undefined;
}

/**
 * Plain calls to `/subscribers`; newsletter programs. Only what does no more when it is carried out
 * twice is repeated. They reject with a `PartneroError`. CONFLICT, a subscriber's own id: called `id`
 * [docs][old-docs] or `identifier` [php]; see the option `apiVariants.subscriberId`.
 */
export class SubscribersResource extends ApiResource {
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

  /**
   * `GET /subscribers/{id or e-mail}`. [php]
   * @throws PartneroError `not_found`
   */
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

  /**
   * `DELETE /subscribers`, with the subscriber in the body. [php]
   * @throws PartneroError `not_found`
   */
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

  /** One page of {@link list}, counted from 1. */
  page(page: number, options: ListSubscribersOptions = {}): Promise<Page<Subscriber>> {
    return this.list(options).page(page);
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
