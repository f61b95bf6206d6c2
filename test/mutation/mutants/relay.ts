import type { Mutant } from '../mutant.js';

const SQLITE = ['test/outbox/sqlite.spec.ts'];
const DISK = ['test/durability/hostile-disk.spec.ts'];
const SHUTDOWN = ['test/module/shutdown.spec.ts'];
const file = 'outbox/relay.ts';

/** The relay, and what it asks of an engine. */
export const RELAY_MUTANTS: readonly Mutant[] = [
  {
    rule: 'a 429 uses no attempt',
    file,
    find: 'await Promise.all([this.putBack(job), this.releaseAll()]);',
    replace: "await this.retry(job, { type: 'retry', reason: '429' });",
    specs: SQLITE,
    only: 'a 429 pauses',
  },
  {
    rule: 'a 429 pauses the program',
    file,
    find: 'this.change(policy.rateLimited(this.policy, now, result.retryAfterMs));',
    replace: '',
    specs: SQLITE,
    only: 'a 429 pauses',
  },
  {
    rule: 'a rejected key uses no attempt',
    file,
    find: "if (isAccepted) return this.retry(job, { type: 'retry', reason, jobOnly: true });\n    await this.putBack(job);",
    replace:
      "void isAccepted;\n    return this.retry(job, { type: 'retry', reason, jobOnly: true });",
    specs: SQLITE,
    only: 'an unauthorized response pauses',
  },
  {
    rule: 'a rejected key is checked again until it is accepted',
    file,
    find: 'this.keyTimer = setTimeout(() => void this.checkKey(), wait).unref();',
    replace: 'void wait;',
    specs: SQLITE,
    only: 'an unauthorized response pauses',
  },
  {
    rule: 'a job that is unauthorized though the key works does not stop the others',
    file,
    find: 'this.policy = policy.keyAccepted(this.policy);',
    replace: '',
    specs: SQLITE,
    only: 'unauthorized though the key is accepted',
  },
  {
    rule: 'a pause sends nothing',
    file,
    find: "return this.state !== 'stopped' && this.paused === null && !this.policy.unauthorized;",
    replace: "return this.state !== 'stopped' && !this.policy.unauthorized;",
    specs: SQLITE,
    only: 'pause\\(\\) lets nothing be sent',
  },
  {
    rule: 'failures that lie with their jobs pause nothing',
    file,
    find: 'if (!result.jobOnly) this.failed(',
    replace: 'this.failed(',
    specs: SQLITE,
    only: 'failures that lie with their jobs',
  },
  {
    rule: 'a response between transient failures starts their count anew',
    file,
    find: 'if (requests > 0) this.change(policy.responded(this.policy, requests));',
    replace: 'void requests;',
    specs: SQLITE,
    only: 'starts their count anew',
  },
  {
    rule: 'the end of a job is reported only by the process that saved it',
    file,
    find: 'if (isOurs) this.reportEnd(job, result);',
    replace: 'void isOurs;\n    this.reportEnd(job, result);',
    specs: ['test/durability/kill.long.spec.ts', ...SQLITE],
    only: 'share no end with it|count once',
  },
  {
    rule: 'no more jobs than the concurrency are delivered at once',
    file,
    find: 'while (this.#inFlight.size < concurrency) {',
    replace: 'for (;;) {',
    specs: SQLITE,
    only: 'up to the concurrency',
  },
  {
    rule: 'draining delivers what is due',
    file,
    find: 'await within(capMs, this.untilQuiet());',
    replace: '',
    specs: SHUTDOWN,
  },
  {
    rule: 'draining has a cap',
    file,
    find: 'await within(capMs, this.untilQuiet());',
    replace: 'await this.untilQuiet();',
    specs: SHUTDOWN,
  },
  {
    rule: 'what takes too long is aborted by a drain',
    file,
    find: 'this.aborted.abort();',
    replace: '',
    specs: SQLITE,
    only: 'drain aborts',
  },
  {
    rule: 'deliveries run in the async context of the start',
    file,
    find: 'private readonly inStartContext = AsyncLocalStorage.snapshot();',
    replace: 'private readonly inStartContext = (work: () => void): void => work();',
    specs: SQLITE,
    only: 'async context',
  },
  {
    rule: 'a result that can’t be saved is tried again',
    file: 'outbox/retry-until-stopped.ts',
    find: 'if (signal.aborted) return undefined;',
    replace: 'return undefined;',
    specs: DISK,
    only: 'loses no result',
  },
  {
    rule: 'a job whose name this version does not know stays pending',
    file: 'outbox/job-handlers.ts',
    find: "return { type: 'retry', reason: 'unknown_job', jobOnly: true };",
    replace: "return { type: 'completed', outcome: 'rejected' };",
    specs: ['test/outbox/sqlite-file.spec.ts'],
    only: 'does not know',
  },
];
