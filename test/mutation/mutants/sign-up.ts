import type { Mutant } from '../mutant.js';

const FAILED = ['test/attribution/failed-sign-ups.spec.ts'];
const SLOW = ['test/attribution/never-slowed.spec.ts'];
const request = 'attribution/request-attribution.ts';
const decision = 'attribution/sign-up-state.ts';
const happened = "handler === 'completed' && response !== 'bad' && choice !== 'skipped';";

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
    replace: "handler === 'completed' && choice !== 'skipped';",
    specs: [...FAILED, 'test/durability/kill.long.spec.ts'],
    only: 'discard|while Partnero is down',
  },
  {
    rule: 'a handler that fails discards',
    file: decision,
    find: happened,
    replace: "response !== 'bad' && choice !== 'skipped';",
    specs: FAILED,
  },
  {
    rule: 'skip() discards',
    file: decision,
    find: happened,
    replace: "handler === 'completed' && response !== 'bad';",
    specs: ['test/attribution/mapping.spec.ts'],
    only: 'skip',
  },
  {
    rule: 'the decision waits for handler, commit and response',
    file: decision,
    find: "return handler !== 'running' && response !== 'open' && saving === 0;",
    replace: "return handler !== 'running' && saving === 0;",
    specs: FAILED,
  },
  {
    rule: 'a handler that goes on after a good response has holdMs',
    file: request,
    find: "this.holdTimer = setTimeout(() => this.apply('hold_expired'), holdMs);\n    this.holdTimer.unref();",
    replace: 'void holdMs;',
    specs: FAILED,
  },
  {
    rule: 'where interceptors run more than once, each customer counts once',
    file: request,
    find: 'if ((queued.get(key) ?? this) !== this) return true;',
    replace: '',
    specs: ['test/attribution/graphql.spec.ts'],
  },
  {
    rule: 'onOutcome may throw',
    file: 'program/outcome.reporter.ts',
    find: '} catch (error) {\n        this.logThrown(error);',
    replace: '} catch (error) {\n        this.logThrown(error);\n        throw error;',
    specs: SLOW,
    only: 'onOutcome throwing',
  },
  {
    rule: 'a customer key that may be an e-mail address is shown nowhere',
    file: 'common/mask-key.ts',
    find: 'if (key.length <= MAX_LENGTH && !UNFIT.test(key)) return key;',
    replace: 'if (key) return key;',
    specs: ['test/attribution/delivery.spec.ts'],
  },
];
