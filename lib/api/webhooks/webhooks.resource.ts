import { ListedResource } from '../api.resource.js';
import type { CallOptions } from '../call-options.js';
import type { Listing } from '../listing.js';
import type { ListOptions } from '../page.js';
import { validateInput, withoutNulls } from '../validate-input.js';
import { CreateWebhookDto, UpdateWebhookDto } from './webhook.dto.js';
import type { Webhook } from './webhook.model.js';

/**
 * Plain calls to `/webhooks`: which events Partnero sends, and where to. Only calls that are safe to
 * repeat are retried. They reject with a `PartneroError`: `not_found` if there is no such webhook. The
 * `signature` of a webhook is a secret.
 */
export class WebhooksResource extends ListedResource<Webhook, ListOptions> {
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

  /** `GET /webhooks/{key}`. [docs][old-docs] */
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

  /** `DELETE /webhooks/{key}`. [docs][old-docs] */
  delete(key: string, options: CallOptions = {}): Promise<void> {
    return this.remove(['webhooks', key], options);
  }

  /** `GET /webhooks`. [docs][old-docs] */
  list(options: ListOptions = {}): Listing<Webhook> {
    return this.listing({ path: ['webhooks'] }, options);
  }
}
