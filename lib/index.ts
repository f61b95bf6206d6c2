export { PartneroModule } from './partnero.module.js';
export type { PartneroModuleExtras, PartneroOptionsFactory } from './partnero.module-definition.js';
export type { PartneroModuleOptions } from './partnero.options.js';
export { PartneroConfigurationError } from './common/partnero.configuration-error.js';
export { PartneroService } from './partnero.service.js';
export { getPartneroToken, InjectPartnero } from './partnero.tokens.js';
export { getPartneroTokens } from './program/program.tokens.js';

export { AttributeReferral } from './attribution/attribute-referral.decorator.js';
export { AttributeReferralInterceptor } from './attribution/attribute-referral.interceptor.js';
export type { AttributedRoute } from './attribution/attribute-referral.interceptor.js';
export type {
  AttributeReferralMetadata,
  AttributeReferralOptions,
  CustomerMapper,
  NoCustomer,
} from './attribution/attribute-referral.metadata.js';
export type * from './attribution/attribution.outcome.js';
export type { AppTransaction, AttributeOptions } from './attribution/attribute-options.js';
export type { AttributionService } from './attribution/attribution.service.js';
export type { HandlerShape } from './attribution/handler-shape.js';
export type { ReadReferral } from './attribution/read-referral.js';
export type { CustomerInput } from './attribution/customer-input.js';
export type { CustomerId } from './common/customer-id.js';
export type { Outcome } from './program/outcome.js';
export { Referral } from './attribution/referral.decorator.js';
export type { ReferralContext } from './attribution/referral-context.js';

export type { CaptureOptions } from './referral/capture/capture.options.js';
export { captureReferrals } from './referral/capture/capture-referrals.js';
export type { CaptureFunction } from './referral/capture/referral-capture.js';
export { ReferralCaptureMiddleware } from './referral/capture/referral-capture.middleware.js';
export type { Referral as FoundReferral, ReferralOrigin } from './referral/referral.js';
export type { ProgramType, ReferralOptions, ReferralSource } from './referral/referral.options.js';

export { PartneroWebhook, PartneroWebhookGuard } from './webhooks/partnero-webhook.decorator.js';
export { getWebhookVerifierToken } from './webhooks/webhook.verifier.js';
export type { WebhookVerifier } from './webhooks/webhook.verifier.js';
export type { WebhookRequest } from './webhooks/raw-body.js';
export type { PartneroWebhookOptions } from './webhooks/partnero-webhook.decorator.js';
export { PartneroEvent } from './webhooks/partnero-event.decorator.js';
export { OnPartneroEvent } from './webhooks/on-partnero-event.decorator.js';
export type { OnPartneroEventOptions } from './webhooks/on-partnero-event.decorator.js';
export type {
  CustomerEventData,
  KnownPartneroEvent,
  LeadEventData,
  OtherEventData,
  PartnerEventData,
  PartneroEventData,
  PartneroEventName,
  PartneroEventOf,
  PartneroEventSelector,
  PartneroWebhookEvent,
  RewardEventData,
  TransactionEventData,
  UnknownPartneroEvent,
} from './webhooks/event.model.js';
export type { Dispatched } from './webhooks/inbox.js';
export type { InboxEntry, InboxInspector, InboxRequeueFilter } from './webhooks/inbox.inspector.js';
export type { FailedHandler, WebhooksOptions } from './webhooks/webhooks.options.js';
export { getWebhooksToken } from './webhooks/webhooks.providers.js';
export type { WebhooksService } from './webhooks/webhooks.service.js';

export { checkoutMetadata } from './transactions/checkout-metadata.js';
export type {
  DurableReferAFriendTransactions,
  DurableTransactions,
} from './transactions/durable-transactions.js';
export type { Buyer, ReferAFriendSale, Sale } from './transactions/sale.js';
export type { SubmittedSale } from './transactions/sales.service.js';
export type * from './transactions/transaction.outcome.js';
export type {
  ErasableCustomers,
  ErasableReferAFriendCustomers,
} from './erasure/erasable-customers.js';
export type { ErasureOutcome } from './erasure/erasure.outcome.js';
export type { SubmittedErasure } from './erasure/erasure.service.js';

export { inlineOutbox } from './outbox/inline/inline-outbox.definition.js';
export type { InlineOutboxOptions } from './outbox/inline/inline-outbox.definition.js';
export { sqliteOutbox } from './outbox/sqlite/sqlite-outbox.js';
export type { SqliteOutboxOptions } from './outbox/sqlite/sqlite.options.js';
export type { DeliveryOptions } from './outbox/delivery.options.js';
export type * from './outbox/delivery-result.js';
export type * from './outbox/delivery.js';
export type * from './outbox/history.js';
export type { Checkpoint } from './outbox/job-handler.js';
export type * from './outbox/job.js';
export type * from './outbox/outbox-engine.js';
export { OutboxError } from './outbox/outbox.error.js';
export type { OutboxInspector, ProgramStats } from './program/outbox.inspector.js';

export { onPartneroMessage, onPartneroTrace } from './channels/channels.js';
export type {
  DeadLetterMessage,
  DeliveredMessage,
  DeliverTrace,
  DiscardedMessage,
  JobMessage,
  PartneroMessages,
  PartneroTraces,
  PausedMessage,
  QueuedMessage,
  QueueTrace,
  ResumedMessage,
  RetryMessage,
  WebhookMessage,
} from './channels/messages.js';

export type { ApiVariants } from './api/api.variants.js';
export type { CallOptions } from './api/call-options.js';
export type { Envelope } from './api/envelope.js';
export type { Listing } from './api/listing.js';
export type { ListOptions, Page, SortedListOptions } from './api/page.js';
export { PartneroError } from './api/partnero.error.js';
export type { FieldErrors, PartneroErrorKind } from './api/partnero.error.js';
export type { PartneroRequest } from './api/request.js';

export type { Decimal } from './api/money/exact-amounts.js';
export { fromMinorUnits } from './api/money/money.js';
export type { Money } from './api/money/money.js';

export {
  CreateCustomerDto,
  CreateCustomerOptionsDto,
  CreateReferredCustomerDto,
  CreditBalanceDto,
  CustomerMetadataDto,
  CustomerReferenceDto,
  InviteCustomerDto,
  ReferringCustomerDto,
  UpdateCustomerDto,
  UpdateReferAFriendCustomerDto,
} from './api/customers/customer.dto.js';
export type { CreateCustomerInput } from './api/customers/customer.dto.js';
export type * from './api/customers/customer.model.js';
export type {
  CustomersResource,
  ListCustomersOptions,
  SearchCustomersQuery,
} from './api/customers/customers.resource.js';
export type {
  ListReferAFriendCustomersOptions,
  ReferAFriendCustomersResource,
  SearchReferAFriendCustomersQuery,
} from './api/customers/refer-a-friend-customers.resource.js';

export {
  BuyerDto,
  CreateReferAFriendTransactionDto,
  CreateTransactionDto,
  CreateTransactionOptionsDto,
  ReferredBuyerDto,
} from './api/transactions/transaction.dto.js';
export type * from './api/transactions/transaction.model.js';
export type {
  ListTransactionsOptions,
  ReferAFriendTransactionsResource,
  TransactionsResource,
} from './api/transactions/transactions.resource.js';

export {
  CreatePartnerDto,
  PartnerReferenceDto,
  RewardPartnerDto,
  SignInUrlDto,
  UpdatePartnerDto,
} from './api/partners/partner.dto.js';
export type * from './api/partners/partner.model.js';
export type { PartnersResource, SearchPartnersQuery } from './api/partners/partners.resource.js';

export {
  CreateCustomerLinkDto,
  CreatePartnerLinkDto,
  UpdateLinkDto,
} from './api/links/link.dto.js';
export type * from './api/links/link.model.js';
export type {
  CustomerLinksResource,
  PartnerLinksResource,
  SearchCustomerLinksQuery,
  SearchPartnerLinksQuery,
} from './api/links/links.resource.js';

export { ConvertLeadDto, CreateLeadDto } from './api/leads/lead.dto.js';
export type * from './api/leads/lead.model.js';
export type { LeadId, LeadsResource } from './api/leads/leads.resource.js';

export {
  CreateSubscriberDto,
  SubscriberReferenceDto,
  UpdateSubscriberDto,
} from './api/subscribers/subscriber.dto.js';
export type { Subscriber } from './api/subscribers/subscriber.model.js';
export type {
  ListSubscribersOptions,
  SubscribersResource,
} from './api/subscribers/subscribers.resource.js';

export { CreateWebhookDto, UpdateWebhookDto } from './api/webhooks/webhook.dto.js';
export type * from './api/webhooks/webhook.model.js';
export type { WebhooksResource } from './api/webhooks/webhooks.resource.js';

export type { ProgramInfo } from './api/program/ping.js';
export type { ByProgram, PartneroProgram } from './api/program/program-type.js';
export type * from './api/program/program.model.js';
export type { ProgramResource } from './api/program/program.resource.js';
export { UpdateProgramDto } from './api/program/program.dto.js';
