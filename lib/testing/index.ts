export { FakePartnero } from './fake-partnero.js';
export type { FakePartneroOptions } from './fake-partnero.js';
export type { FakeFault, FaultScope } from './fake-fault.js';
export type { FakeApiVariants } from './fake-api-variants.js';
export type { RecordedRequest } from './fake-request.js';
export type {
  FakeCustomer,
  FakeGift,
  FakeLead,
  FakeLink,
  FakePartner,
  FakeProgramType,
  FakeSubscriber,
  FakeTransaction,
  FakeWebhook,
} from './fake-entities.js';
export type { FakeEventFormat } from './fake-event.js';
export type { FakeDelivery, SendEventOptions } from './fake-event.sender.js';
export { signPartneroEvent } from './sign-partnero-event.js';
export { outboxConformance } from './conformance/outbox-conformance.js';
export type {
  ConformanceStore,
  OutboxConformanceOptions,
} from './conformance/conformance-options.js';
export type { TestFramework } from './conformance/test-framework.js';
