import type { Mutant } from '../mutant.js';

const REDIS = ['test/bullmq/away.spec.ts'];
const POSTGRES = ['test/pg-boss/database.spec.ts'];
const LINK = ['test/outbox/fleet/store-link.spec.ts'];

/** What several machines share. Needs redis-server and PostgreSQL. */
export const FLEET_MUTANTS: readonly Mutant[] = [
  {
    rule: 'a client that asks again is given what it was given before',
    file: 'bullmq/scripts/claims.lua.ts',
    find: 'row[9] and row[9] ~= fence and silence(row[9])',
    replace: 'row[9] and silence(row[9])',
    specs: REDIS,
    only: 'could not say so',
  },
  {
    rule: 'what a late claim takes is given back (BullMQ)',
    file: 'bullmq/bullmq.store.ts',
    find: 'claims.strays.giveBackAll(',
    replace: 'claims.strays.giveBackFresh(',
    specs: REDIS,
    only: 'hears of it only later',
  },
  {
    rule: 'what a late claim takes is given back (pg-boss)',
    file: 'pg-boss/postgres.store.ts',
    find: 'claims.strays.giveBackAll(',
    replace: 'claims.strays.giveBackFresh(',
    specs: POSTGRES,
    only: 'only then to write it down',
  },
  {
    rule: 'a sign-up that may be in Redis too is left to whoever claims it',
    file: 'outbox/fleet/fallback.outbox.ts',
    find: 'if (kept.unsure) this.fleet.giveBackUnsure(kept.unsure);',
    replace: '',
    specs: REDIS,
    only: 'makes nothing arrive twice',
  },
  {
    rule: 'what is kept on this machine too arrives once',
    file: 'outbox/fleet/fallback.outbox.ts',
    find: 'await this.fleet.takeOver(id, {',
    replace: 'await this.fleet.takeOver(newJobId(), {',
    specs: REDIS,
    only: 'makes nothing arrive twice',
  },
  {
    rule: 'a sign-up that is heard late, and again, is over',
    file: 'bullmq/scripts/jobs.lua.ts',
    find: "if settled(lane, id) or call('EXISTS', name('ended', id)) == 1 then return -1 end",
    replace: 'if not fence and settled(lane, id) then return -1 end',
    specs: REDIS,
    only: 'hears of once more',
  },
  {
    rule: 'what others may have is not sent',
    file: 'outbox/relay.ts',
    find: 'if (this.outbox.isOurs?.(job) === false) {',
    replace: "if (this.state === ('never' as string)) {",
    specs: REDIS,
    only: 'waits for its turn',
  },
  {
    rule: 'a transaction of a machine that vanished ends',
    file: 'pg-boss/postgres.claims.ts',
    find: "'${VANISHED_MS}', true",
    replace: "'0', true",
    specs: POSTGRES,
    only: 'the machine has vanished',
  },
  {
    rule: 'a connection on which nothing comes back is made anew',
    file: 'outbox/fleet/store-link.ts',
    find: 'if (linked !== null && performance.now() - from >= SILENT_MS) {',
    replace: 'if (linked === null && performance.now() - from >= SILENT_MS) {',
    specs: LINK,
  },
  {
    rule: 'a connection to what only reads is made anew',
    file: 'outbox/fleet/store-link.ts',
    find: 'if (isStale && performance.now() - this.openedAt > STALE_MS) this.reopen();',
    replace: '',
    specs: LINK,
  },
  {
    rule: 'the making of a connection is not waited for for ever',
    file: 'outbox/fleet/store-link.ts',
    find: 'await within(OPENING_MS, prepared, { ref: false })',
    replace: 'await prepared',
    specs: LINK,
  },
];
