export { FakePartnero } from './fake-partnero.js';
export type { FakePartneroOptions, RecordedRequest } from './fake-partnero.js';
export type {
  FakeCustomer,
  FakePartner,
  FakeProgramType,
  FakeTransaction,
  FakeWebhook,
  NewFakePartner,
} from './fake-entities.js';
export type { FakeDelivery, SendEventOptions } from './fake-event-sender.js';
export type { FakeFault, FaultScope } from './fake-faults.js';
export type { FakeCall, FakeResponse, FakeRoute } from './fake-route.js';
export { signPartneroEvent } from './sign-partnero-event.js';
export { outboxConformance } from './conformance/outbox-conformance.js';
export type {
  ConformanceStore,
  OutboxConformanceOptions,
} from './conformance/conformance-options.js';
export type { TestFramework } from './conformance/test-framework.js';
export { FakePartneroService, provideFakePartnero } from './unit/fake-partnero.service.js';
export type {
  FakePartneroServiceOptions,
  RecordedAttribution,
  RecordedSale,
} from './unit/fake-partnero.service.js';
export { partneroMatchers } from './unit/partnero-matchers.js';
export type { PartneroMatchers } from './unit/partnero-matchers.js';
