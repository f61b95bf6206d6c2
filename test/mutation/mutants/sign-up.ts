import type { Mutant } from '../mutant.js';

const DELIVERY = ['test/attribution/delivery.spec.ts'];
const FAILED = ['test/attribution/failed-sign-ups.spec.ts'];
const SLOW = ['test/attribution/never-slowed.spec.ts'];

export const SIGN_UP_MUTANTS: readonly Mutant[] = [
  // The sign-up: rules 1, 3, 4, 6.
  {
    rule: 'a sign-up waits no longer than acceptTimeoutMs',
    file: 'attribution/attribution.service.ts',
    find: 'const kept = await within(ms, keeping);',
    replace: 'const kept = await (ms > 0 ? keeping : keeping);',
    specs: SLOW,
  },
  {
    rule: 'a response of 400 or more discards',
    file: 'attribution/request-attribution.ts',
    find: "this.handler === 'completed' && this.response !== 'bad' && this.choice !== 'skipped';",
    replace: "this.handler === 'completed' && this.choice !== 'skipped';",
    specs: FAILED,
  },
  {
    rule: 'a handler that fails discards',
    file: 'attribution/request-attribution.ts',
    find: "this.handler === 'completed' && this.response !== 'bad' && this.choice !== 'skipped';",
    replace: "this.response !== 'bad' && this.choice !== 'skipped';",
    specs: FAILED,
  },
  {
    rule: 'skip() discards',
    file: 'attribution/request-attribution.ts',
    find: "this.handler === 'completed' && this.response !== 'bad' && this.choice !== 'skipped';",
    replace: "this.handler === 'completed' && this.response !== 'bad';",
    specs: ['test/attribution/mapping.spec.ts'],
    only: 'skip',
  },
  {
    rule: 'the decision waits for handler, commit and response',
    file: 'attribution/request-attribution.ts',
    find: "const over = this.handler !== 'running' && this.response !== 'open' && this.pending === 0;",
    replace: "const over = this.handler !== 'running' && this.pending === 0;",
    specs: FAILED,
  },
  {
    rule: 'a handler that goes on after a good answer is given holdMs',
    file: 'attribution/request-attribution.ts',
    find: "this.holdTimer = setTimeout(() => this.handlerEnded('completed'), holdMs);\n    this.holdTimer.unref();",
    replace: 'void holdMs;',
    specs: ['test/attribution/odd-handlers.spec.ts', 'test/attribution/failed-sign-ups.spec.ts'],
  },
  {
    rule: 'a response that a filter made bad counts as bad',
    file: 'attribution/response-end.ts',
    find: "const finished = () => listener(raw.statusCode < 400 ? 'good' : 'bad');",
    replace: "const finished = () => listener('good');",
    specs: FAILED,
  },
  {
    rule: 'where interceptors run more than once, each customer counts once',
    file: 'attribution/request-attribution.ts',
    find: 'if ((kept.get(key) ?? this) !== this) return true;',
    replace: '',
    specs: ['test/attribution/graphql.spec.ts'],
  },
  {
    rule: 'onOutcome may throw',
    file: 'outcome.reporter.ts',
    find: '} catch (error) {\n      this.complain(error);',
    replace: '} catch (error) {\n      this.complain(error);\n      throw error;',
    specs: SLOW,
    only: 'onOutcome throwing',
  },
  {
    rule: 'a customer key that may be an e-mail is shown nowhere',
    file: 'mask-key.ts',
    find: "if (!key.includes('@')) return key;",
    replace: 'if (key) return key;',
    specs: DELIVERY,
  },
];
