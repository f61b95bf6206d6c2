import type { Mutant } from '../mutant.js';

const RECORD = ['test/transactions/record.spec.ts'];
const REFUND = ['test/transactions/refund.spec.ts'];
const ERASE = ['test/erasure/erase.spec.ts'];
const sale = 'transactions/sale.handler.ts';

/** Sales, refunds and erasures. */
export const SALE_MUTANTS: readonly Mutant[] = [
  {
    rule: 'before a sale is sent, Partnero is asked whether it has it',
    file: sale,
    find: 'return (await this.found(attempt)) ?? (await this.send(attempt));',
    replace: 'return await this.send(attempt);',
    specs: RECORD,
  },
  {
    rule: 'after a request without a response, the next look waits',
    file: sale,
    find: 'if (deferred) return deferred;',
    replace: '',
    specs: RECORD,
  },
  {
    rule: 'a checkpoint is saved before a sale is sent',
    file: sale,
    find: 'if (!(await checkpoint.save(writeSentMark(Date.now())))) return TAKEN_OVER;',
    replace: '',
    specs: RECORD,
  },
  {
    rule: 'a process that stood still since its checkpoint sends no sale',
    file: sale,
    find: 'sendWithinMs: withinMs - elapsedMs()',
    replace: 'sendWithinMs: withinMs',
    specs: RECORD,
    only: 'stood still',
  },
  {
    rule: 'a clock that was set back makes no sale wait for longer',
    file: sale,
    find: 'if (left > this.graceMs) await checkpoint.save(writeSentMark(Date.now()));',
    replace: '',
    specs: RECORD,
  },
  {
    rule: 'another sale under the same key is a conflict',
    file: sale,
    find: 'if (!isSame) return',
    replace: 'if (false) return',
    specs: RECORD,
  },
  {
    rule: 'a customer that is found by e-mail is somebody else',
    file: sale,
    find: 'return ownKeyOf(customer, this.program) === job.orderingKey;',
    replace: 'return customer !== null;',
    specs: RECORD,
  },
  {
    rule: 'a sale that was not attributed may be submitted again',
    file: sale,
    find: "return { ...completed('not_attributed', attempt, reason), releasesKey: true };",
    replace: "return completed('not_attributed', attempt, reason);",
    specs: RECORD,
  },
  {
    rule: 'a refusal is believed only if the sale is not there',
    file: sale,
    find: 'if (found) return found;',
    replace: '',
    specs: RECORD,
  },
  {
    rule: '49 and 49.00 are the same amount',
    file: 'transactions/recorded-transaction.ts',
    find: "return `${whole.replace(/^0+(?=\\d)/, '')}.${fraction.replace(/0+$/, '')}`;",
    replace: 'return `${whole}.${fraction}`;',
    specs: RECORD,
  },
  {
    rule: 'a refund cancels its sale',
    file: 'transactions/sales.service.ts',
    find: 'cancels: { name: SALE, key },',
    replace: '',
    specs: REFUND,
  },
  {
    rule: 'a refund deletes all sales under its key',
    file: 'transactions/refund.handler.ts',
    find: 'if (left.length === 0) return deleted + 1;',
    replace: 'if (left.length >= 0) return deleted + 1;',
    specs: REFUND,
  },
  {
    rule: 'a deletion whose response was lost counts',
    file: 'transactions/refund.handler.ts',
    find: "deleted > 0 || wasSent ? 'refunded'",
    replace: "deleted > 0 ? 'refunded'",
    specs: REFUND,
  },
  {
    rule: 'an erasure purges the history',
    file: 'erasure/erasure.handler.ts',
    find: 'releasesKey: true, purgesHistory: true };',
    replace: 'releasesKey: true };',
    specs: ERASE,
  },
  {
    rule: 'a refused erasure purges nothing',
    file: 'erasure/erasure.handler.ts',
    find: "return { ...completed('rejected', reasonOf(error)), purgesHistory: false };",
    replace: "return completed('rejected', reasonOf(error));",
    specs: ERASE,
  },
  {
    rule: 'what can’t be saved is refused',
    file: 'program/submission.service.ts',
    find: 'if (!queue || !this.options.outbox.durable) throw unavailable(whyNot(this.options));',
    replace: "if (!queue || !this.options.outbox.durable) return { id: '0', outcome: null };",
    specs: RECORD,
  },
];
