import type { OutboxDefinition } from '#lib/outbox/outbox.js';
import { claims } from './claims.js';
import { failures } from './failures.js';
import { gate } from './gate.js';
import { OutboxHarness } from './harness.js';
import { heldReleasedDiscarded } from './held.js';
import { lanesInOrder } from './lanes.js';
import { notes } from './notes.js';
import { program } from './program.js';
import { submittedJobs } from './submitted.js';
import { whatBecameOfIt } from './ledger.js';

/** What every engine of the outbox must do. `make` gives a fresh store; both calls of it the same. */
export function outboxConformance(engine: string, make: () => () => OutboxDefinition): void {
  describe(`the outbox port on ${engine}`, () => {
    const on = new OutboxHarness();
    beforeEach(() => on.begin(make));
    afterEach(() => on.end());

    heldReleasedDiscarded(on);
    lanesInOrder(on);
    claims(on);
    submittedJobs(on);
    notes(on);
    failures(on);
    gate(on);
    whatBecameOfIt(on);
    program(on);
  });
}
