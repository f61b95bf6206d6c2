export { PartneroModule } from './partnero.module.js';
export type { PartneroModuleExtras, PartneroOptionsFactory } from './partnero.module-definition.js';
export type { PartneroModuleOptions } from './partnero.options.js';
export { PartneroConfigurationError } from './partnero.configuration-error.js';
export { PartneroService } from './partnero.service.js';
export { getPartneroToken, InjectPartnero } from './partnero.tokens.js';

export { AttributeReferral } from './attribution/attribute-referral.decorator.js';
export { AttributeReferralInterceptor } from './attribution/attribute-referral.interceptor.js';
export type {
  AttributeReferralMetadata,
  AttributeReferralOptions,
  CustomerMapper,
  NoCustomer,
} from './attribution/attribute-referral.metadata.js';
export type {
  AcceptOutcome,
  AttributionOutcome,
  NotAccepted,
  Outcome,
} from './attribution/attribution.outcome.js';
export type { CustomerId, CustomerInput } from './attribution/customer-input.js';
export { Referral } from './attribution/referral.decorator.js';
export type { ReferralContext } from './attribution/referral-context.js';

export type { CaptureOptions } from './referral/capture/capture.options.js';
export { captureReferrals } from './referral/capture/capture-referrals.js';
export type { CaptureFunction } from './referral/capture/referral-capture.js';
export { ReferralCaptureMiddleware } from './referral/capture/referral-capture.middleware.js';
export type { Referral as FoundReferral, ReferralOrigin } from './referral/referral.js';
export type { ProgramType, ReferralOptions, ReferralSource } from './referral/referral.options.js';

export { PartneroWebhook } from './webhooks/partnero-webhook.decorator.js';
export { PartneroWebhookGuard } from './webhooks/partnero-webhook.guard.js';
export type { PartneroWebhookOptions } from './webhooks/partnero-webhook.metadata.js';
export { PartneroEvent } from './webhooks/partnero-event.decorator.js';
export { OnPartneroEvent } from './webhooks/on-partnero-event.decorator.js';
export type { OnPartneroEventOptions } from './webhooks/on-partnero-event.decorator.js';
export type {
  KnownPartneroEvent,
  PartneroEventData,
  PartneroEventName,
  PartneroEventOf,
  PartneroEventSelector,
  PartneroWebhookEvent,
  UnknownPartneroEvent,
} from './webhooks/event.model.js';
export type {
  CustomerEventData,
  LeadEventData,
  OtherEventData,
  PartnerEventData,
  RewardEventData,
  TransactionEventData,
} from './webhooks/event-data.model.js';
export type { Dispatched } from './webhooks/event.dispatcher.js';
export type { InboxEntry, InboxInspector, InboxReplayFilter } from './webhooks/inbox.inspector.js';
export type {
  EnsureWebhookOptions,
  FailedHandler,
  WebhooksOptions,
} from './webhooks/webhooks.options.js';
export type { WebhooksService } from './webhooks/webhooks.service.js';

export { inlineOutbox } from './outbox/inline/inline-outbox.definition.js';
export type { InlineOutboxOptions } from './outbox/inline/inline-outbox.definition.js';
export { sqliteOutbox } from './outbox/sqlite/sqlite-outbox.definition.js';
export type { SqliteOutboxOptions } from './outbox/sqlite/sqlite.options.js';
export type { DeliveryOptions } from './outbox/delivery.options.js';
export type { OutboxDefinition } from './outbox/outbox.js';
export type {
  Forgotten,
  JobCounts,
  LedgerEntry,
  OutboxStats,
  ReplayFilter,
} from './outbox/ledger.js';
export type { OutboxInspector, ProgramStats } from './outbox.inspector.js';

export type { CallOptions } from './api/call-options.js';
export type { Envelope } from './api/envelope.js';
export type { ListOptions, Page } from './api/page.js';
export { PartneroError } from './api/partnero.error.js';
export type { FieldErrors, PartneroErrorKind } from './api/partnero.error.js';
export type { ProgramInfo } from './api/program/ping.js';
export type { PartneroRequest } from './api/request.js';
export {
  CreateCustomerDto,
  CreateCustomerOptionsDto,
  PartnerReferenceDto,
} from './api/customers/create-customer.dto.js';
export {
  CreateReferredCustomerDto,
  CustomerMetadataDto,
  ReferringCustomerDto,
} from './api/customers/create-referred-customer.dto.js';
export { UpdateCustomerDto } from './api/customers/update-customer.dto.js';
export type { Customer } from './api/customers/customer.model.js';
export type {
  CreateCustomerInput,
  CustomersResource,
  ListCustomersOptions,
  SearchCustomersQuery,
} from './api/customers/customers.resource.js';
