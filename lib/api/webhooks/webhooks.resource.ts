import { ApiResource } from '../api.resource.js';
import type { CallOptions } from '../call-options.js';
import type { Listing } from '../listing.js';
import type { ListOptions, Page } from '../page.js';
import { validateInput } from '../validate-input.js';
import { withoutNulls } from '../without-nulls.js';
import { CreateWebhookDto } from './create-webhook.dto.js';
import { UpdateWebhookDto } from './update-webhook.dto.js';
import type { Webhook } from './webhook.model.js';

/**
 * Plain calls to `/webhooks`: what Partnero tells, and where to. Only what does no more when it is
 * carried out twice is repeated. They reject with a `PartneroError`. The `signature` of what is
 * answered is a secret.
 */
export class WebhooksResource extends ApiResource {
  /**
   * `POST /webhooks`. [docs][old-docs] CONFLICT, events: some are in one source only; those that
   * Partnero doesn't know are refused.
   * @example
   * const { signature } = await partnero.webhooks.create({
   *   name: 'Shop',
   *   url: 'https://shop.example/partnero',
   *   events: ['partner.approved'],
   * })
   * @throws PartneroError `validation`
   */
  async create(input: CreateWebhookDto, options: CallOptions = {}): Promise<Webhook> {
    const body = withoutNulls(validateInput(CreateWebhookDto, input));
    return this.write({ method: 'POST', path: ['webhooks'], body }, options);
  }

  /**
   * `GET /webhooks/{key}`. [docs][old-docs]
   * @throws PartneroError `not_found`
   */
  get(key: string, options: CallOptions = {}): Promise<Webhook> {
    return this.read({ path: ['webhooks', key] }, options);
  }

  /**
   * `PUT /webhooks/{key}`; what is absent stays as it is. [php][py][n8n]
   * @throws PartneroError `not_found`, `validation`
   */
  async update(
    key: string,
    changes: UpdateWebhookDto,
    options: CallOptions = {},
  ): Promise<Webhook> {
    const body = withoutNulls(validateInput(UpdateWebhookDto, changes));
    return this.write({ method: 'PUT', path: ['webhooks', key], body }, options);
  }

  /**
   * `DELETE /webhooks/{key}`. [docs][old-docs]
   * @throws PartneroError `not_found`
   */
  delete(key: string, options: CallOptions = {}): Promise<void> {
    const path = ['webhooks', key];
    return this.carryOut({ method: 'DELETE', path, doneIf: 'not_found' }, options);
  }

  /** `GET /webhooks`. [docs][old-docs] */
  list(options: ListOptions = {}): Listing<Webhook> {
    return this.listing({ path: ['webhooks'] }, options);
  }

  /** One page of {@link list}, counted from 1. */
  page(page: number, options: ListOptions = {}): Promise<Page<Webhook>> {
    return this.list(options).page(page);
  }
}
