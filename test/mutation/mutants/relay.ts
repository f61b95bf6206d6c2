import type { Mutant } from '../mutant.js';

const DISK = ['test/durability/hostile-disk.spec.ts'];
const DAYS = ['test/outbox/bad-days.spec.ts'];
const IDENTITY = ['test/module/identity.spec.ts'];
const SHUTDOWN = ['test/module/shutdown.spec.ts'];

export const RELAY_MUTANTS: readonly Mutant[] = [
  // The relay: rules 6, 7, 10.
  {
    rule: 'a 429 uses up no attempt',
    file: 'outbox/relay.ts',
    find: 'await this.giveBack([job]);\n        });',
    replace:
      "await this.fail(job, { type: 'retry', reason: '429', jobOnly: true }, testing);\n        });",
    specs: DAYS,
    only: 'for hours is asked',
  },
  {
    rule: 'a 429 is reported for all processes',
    file: 'outbox/relay.ts',
    find: "await this.keep(() => this.outbox.report({ type: 'rate_limited', retryAfterMs }));",
    replace: 'void retryAfterMs;',
    specs: DAYS,
    only: '429',
  },
  {
    rule: 'nothing further leaves while a pause is written down',
    file: 'outbox/relay.ts',
    find: 'return active && this.held === null && this.closing === 0;',
    replace: 'return active && this.held === null;',
    specs: ['test/outbox/relay.spec.ts'],
  },
  {
    rule: 'a refused key uses up no attempt',
    file: 'outbox/relay.ts',
    find: 'await this.giveBack([job]);\n  }\n\n  /** One probe',
    replace:
      "await this.fail(job, { type: 'retry', reason, jobOnly: true }, testing);\n  }\n\n  /** One probe",
    specs: DAYS,
    only: 'refused key',
  },
  {
    rule: 'a refused job of a working key is that job’s failure',
    file: 'outbox/relay.ts',
    find: "if (answer === 'accepted') {",
    replace: "if (answer === ('never' as string)) {",
    specs: ['test/outbox/relay.spec.ts'],
  },
  {
    rule: 'an outcome is told once, by the process that settled it',
    file: 'outbox/relay.ts',
    find: 'if (ours) this.hooks.onSettled(job, verdict);',
    replace: 'this.hooks.onSettled(job, verdict);',
    specs: ['test/outbox/relay.spec.ts'],
  },
  {
    rule: 'what is held back sends nothing',
    file: 'outbox/relay.ts',
    find: 'return active && this.held === null && this.closing === 0;',
    replace: 'return active && this.closing === 0;',
    specs: IDENTITY,
  },
  {
    rule: 'concurrency is kept',
    file: 'outbox/relay.ts',
    find: 'while (this.mayClaim() && this.#underWay.size < this.options.concurrency) {',
    replace: 'while (this.mayClaim()) {',
    specs: ['test/outbox/relay.spec.ts'],
  },
  {
    rule: 'concurrency 0 delivers nothing',
    file: 'outbox/relay.ts',
    find: "if (this.state !== 'idle' || this.options.concurrency === 0) return;",
    replace: "if (this.state !== 'idle') return;",
    specs: ['test/outbox/relay.spec.ts'],
  },
  {
    rule: 'draining has a cap',
    file: 'outbox/relay.ts',
    find: 'await within(capMs, this.quiet());',
    replace: 'await this.quiet();',
    specs: SHUTDOWN,
  },
  {
    rule: 'draining goes on with what is due',
    file: 'outbox/relay.ts',
    find: 'await within(capMs, this.quiet());',
    replace: '',
    specs: SHUTDOWN,
  },
  {
    rule: 'what cannot be drained is cut off',
    file: 'outbox/relay.ts',
    find: 'this.aborted.abort();',
    replace: '',
    specs: ['test/outbox/relay.spec.ts'],
  },
  {
    rule: 'a result that cannot be written down is kept trying',
    file: 'outbox/persistence.ts',
    find: 'if (this.stopped) return undefined;',
    replace: 'return undefined;',
    specs: DISK,
    only: 'forgets no answer',
  },
  {
    rule: 'one error line a minute',
    file: 'outbox/persistence.ts',
    find: 'if (Math.abs(now - this.lastComplaint) < COMPLAIN_EVERY_MS) return;',
    replace: '',
    specs: DISK,
    only: 'fails no sign-up',
  },
  {
    rule: 'a kind that this version does not know stays pending',
    file: 'outbox/kind-registry.ts',
    find: "return { type: 'retry', reason: 'unknown_kind', jobOnly: true };",
    replace: "return { type: 'settled', outcome: 'rejected' };",
    specs: ['test/outbox/relay.spec.ts'],
  },
  {
    rule: 'a kind that throws is a transient failure',
    file: 'outbox/kind-registry.ts',
    find: "type: 'retry',\n        reason: error instanceof Error ? error.name : 'thrown',\n        jobOnly: true,",
    replace: "type: 'settled',\n        outcome: error instanceof Error ? error.name : 'thrown',",
    specs: ['test/outbox/relay.spec.ts'],
  },
];
