import { CLAIM_SCRIPTS } from './claims.lua.js';
import { JOB_SCRIPTS } from './jobs.lua.js';
import { LEDGER_SCRIPTS } from './ledger.lua.js';
import { PRELUDE } from './prelude.lua.js';

const SCRIPTS = { ...JOB_SCRIPTS, ...CLAIM_SCRIPTS, ...LEDGER_SCRIPTS };

export type ScriptName = keyof typeof SCRIPTS;

/** Each script as Redis is given it. */
export const SOURCES = Object.entries(SCRIPTS).map(([name, body]) => ({
  name: name as ScriptName,
  lua: `${PRELUDE}\n${body}`,
}));
