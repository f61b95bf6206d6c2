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
    rule: 'a connection on which nothing comes back is made anew',
    file: 'outbox/fleet/store-link.ts',
    find: 'this.settings.renew(linked);',
    replace: '',
    specs: LINK,
  },
];
