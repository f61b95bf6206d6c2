import type { Mutant } from '../mutant.js';

const FAILED = ['test/attribution/failed-sign-ups.spec.ts'];
const SLOW = ['test/attribution/never-slowed.spec.ts'];
const decision = 'attribution/request-attribution.ts';
const happened =
  "this.handler === 'completed' && this.response !== 'bad' && this.choice !== 'skipped';";

/** The sign-up comes first, and only one that happened is attributed. */
export const SIGN_UP_MUTANTS: readonly Mutant[] = [
  {
    rule: 'a sign-up waits no longer than acceptTimeoutMs',
    file: 'attribution/attribution.service.ts',
    find: 'const held = await within(ms, saving);',
    replace: 'const held = await (ms > 0 ? saving : saving);',
    specs: SLOW,
  },
  {
    rule: 'a response of 400 or more discards',
    file: decision,
    find: happened,
    replace: "this.handler === 'completed' && this.choice !== 'skipped';",
    specs: [...FAILED, 'test/durability/kill.long.spec.ts'],
    only: 'discard|while Partnero is down',
  },
  {
    rule: 'a handler that fails discards',
    file: decision,
    find: happened,
    replace: "this.response !== 'bad' && this.choice !== 'skipped';",
    specs: FAILED,
  },
  {
    rule: 'skip() discards',
    file: decision,
    find: happened,
    replace: "this.handler === 'completed' && this.response !== 'bad';",
    specs: ['test/attribution/mapping.spec.ts'],
    only: 'skip',
  },
  {
    rule: 'the decision waits for handler, commit and response',
    file: decision,
    find: "const over = this.handler !== 'running' && this.response !== 'open' && this.pending === 0;",
    replace: "const over = this.handler !== 'running' && this.pending === 0;",
    specs: FAILED,
  },
  {
    rule: 'a handler that goes on after a good response has holdMs',
    file: decision,
    find: "this.holdTimer = setTimeout(() => this.handlerEnded('completed'), holdMs);\n    this.holdTimer.unref();",
    replace: 'void holdMs;',
    specs: FAILED,
  },
  {
    rule: 'where interceptors run more than once, each customer counts once',
    file: decision,
    find: 'if ((queued.get(key) ?? this) !== this) return true;',
    replace: '',
    specs: ['test/attribution/graphql.spec.ts'],
  },
  {
    rule: 'onOutcome may throw',
    file: 'outcome.reporter.ts',
    find: '} catch (error) {\n        this.logThrown(error);',
    replace: '} catch (error) {\n        this.logThrown(error);\n        throw error;',
    specs: SLOW,
    only: 'onOutcome throwing',
  },
  {
    rule: 'a customer key that may be an e-mail address is shown nowhere',
    file: 'mask-key.ts',
    find: "if (!key.includes('@')) return key;",
    replace: 'if (key) return key;',
    specs: ['test/attribution/delivery.spec.ts'],
  },
];
