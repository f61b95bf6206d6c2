import type { Mutant } from '../mutant.js';

const RECORD = ['test/transactions/record.spec.ts'];
const REFUND = ['test/transactions/refund.spec.ts'];
const FRIENDS = ['test/transactions/refer-a-friend.spec.ts'];
const ERASE = ['test/erasure/erase.spec.ts'];

export const JOB_KIND_MUTANTS: readonly Mutant[] = [
  // Sales: rule 8.
  {
    rule: 'Partnero is asked for a sale before it is sent',
    file: 'transactions/sale.job.ts',
    find: 'return (await this.found(attempt)) ?? (await this.send(attempt));',
    replace: 'return await this.send(attempt);',
    specs: RECORD,
  },
  {
    rule: 'after a sending without an answer, the look waits',
    file: 'transactions/sale.job.ts',
    find: 'if (wait) return wait;',
    replace: '',
    specs: RECORD,
  },
  {
    rule: 'a sending is noted before',
    file: 'transactions/sale.job.ts',
    find: 'if (!(await steps.note(writeSentMark(Date.now())))) {',
    replace: 'if (sale === undefined) {',
    specs: RECORD,
  },
  {
    rule: 'a clock that was set back makes nobody wait for longer',
    file: 'transactions/sale.job.ts',
    find: 'if (left > this.graceMs) await steps.note(writeSentMark(Date.now()));',
    replace: '',
    specs: RECORD,
  },
  {
    rule: 'another sale under the same key is a conflict',
    file: 'transactions/sale.job.ts',
    find: 'if (!isSame) return',
    replace: 'if (false) return',
    specs: RECORD,
  },
  {
    rule: 'a customer found by e-mail is somebody else',
    file: 'transactions/sale.job.ts',
    find: "return (this.program === 'affiliate' ? customer.key : customer.id) === job.lane;",
    replace: 'return customer !== null;',
    specs: RECORD,
  },
  {
    rule: 'a sale of a customer whom nobody referred is not sent',
    file: 'transactions/sale.job.ts',
    find: "if (!(await this.hasBuyer(attempt))) return notAttributed(attempt, 'unknown_customer');",
    replace: '',
    specs: RECORD,
  },
  {
    rule: 'a sale that was not attributed may come again',
    file: 'transactions/sale.job.ts',
    find: "return { ...settled('not_attributed', attempt, reason), freesKey: true };",
    replace: "return settled('not_attributed', attempt, reason);",
    specs: RECORD,
  },
  {
    rule: 'a refusal is only believed if the sale is not there',
    file: 'transactions/sale.job.ts',
    find: 'if (found) return found;',
    replace: '',
    specs: RECORD,
  },
  {
    rule: 'in a refer-a-friend program, a refused sale of one whom nobody referred is not attributed',
    file: 'transactions/sale.job.ts',
    find: '|| attempt.isUnreferred ||',
    replace: '||',
    specs: FRIENDS,
  },
  {
    rule: '49 and 49.00 are the same amount',
    file: 'transactions/recorded-transaction.ts',
    find: "return `${whole.replace(/^0+(?=\\d)/, '')}.${fraction.replace(/0+$/, '')}`;",
    replace: 'return `${whole}.${fraction}`;',
    specs: RECORD,
  },
  {
    rule: 'another currency is another sale',
    file: 'transactions/recorded-transaction.ts',
    find: 'isSame(there.amount_units, currency, (text) => text.toUpperCase()) &&',
    replace: '',
    specs: RECORD,
  },
  {
    rule: 'the same key with another amount is a conflict at once',
    file: 'transactions/sales.service.ts',
    find: "different: 'conflict',",
    replace: "different: 'duplicate',",
    specs: RECORD,
  },
  {
    rule: 'a refund withdraws its sale',
    file: 'transactions/sales.service.ts',
    find: 'withdraws: { kind: SALE, key },',
    replace: '',
    specs: REFUND,
  },
  // Refunds.
  {
    rule: 'a refund deletes all under its key',
    file: 'transactions/refund.job.ts',
    find: 'if (left.length === 0) return deleted + 1;',
    replace: 'if (left.length >= 0) return deleted + 1;',
    specs: REFUND,
  },
  {
    rule: 'a deletion whose answer was lost counts',
    file: 'transactions/refund.job.ts',
    find: "deleted > 0 || wasSent ? 'refunded'",
    replace: "deleted > 0 ? 'refunded'",
    specs: REFUND,
  },
  // Erasures.
  {
    rule: 'an erasure forgets what is kept here',
    file: 'erasure/erasure.job.ts',
    find: 'freesKey: true, forgets: true };',
    replace: 'freesKey: true };',
    specs: ERASE,
  },
  {
    rule: 'an erasure whose answer was lost counts',
    file: 'erasure/erasure.job.ts',
    find: "return settled(job.progress === SENT ? 'erased' : 'not_found');",
    replace: "return settled('not_found');",
    specs: ERASE,
  },
  {
    rule: 'a refused erasure forgets nothing',
    file: 'erasure/erasure.job.ts',
    find: "return { ...settled('rejected', reasonOf(error)), forgets: false };",
    replace: "return settled('rejected', reasonOf(error));",
    specs: ERASE,
  },
  // What can't be kept is said.
  {
    rule: 'what can’t be kept is refused',
    file: 'submission.service.ts',
    find: 'if (!this.outbox) throw unavailable(this.because);',
    replace: "if (!this.outbox) return { id: '0', outcome: null };",
    specs: RECORD,
  },
];
