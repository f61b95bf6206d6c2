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
export type { AppTransaction, AttributeOptions } from './attribution/attribute-options.js';
export type { CustomerId, CustomerInput } from './attribution/customer-input.js';
export { Referral } from './attribution/referral.decorator.js';
export type { ReferralContext } from './attribution/referral-context.js';

export type { Referral as FoundReferral, ReferralOrigin } from './referral/referral.js';
export type { ProgramType, ReferralOptions, ReferralSource } from './referral/referral.options.js';

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
