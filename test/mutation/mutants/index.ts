import type { Mutant } from '../mutant.js';
import { ANSWER_MUTANTS } from './answers.js';
import { FILE_MUTANTS } from './file.js';
import { FLEET_MUTANTS } from './fleet.js';
import { GATE_MUTANTS } from './gate.js';
import { JOB_KIND_MUTANTS } from './job-kinds.js';
import { RELAY_MUTANTS } from './relay.js';
import { SIGN_UP_MUTANTS } from './sign-up.js';
import { STORE_MUTANTS } from './store.js';

export const MUTANTS: readonly Mutant[] = [
  ...GATE_MUTANTS,
  ...RELAY_MUTANTS,
  ...STORE_MUTANTS,
  ...FILE_MUTANTS,
  ...ANSWER_MUTANTS,
  ...SIGN_UP_MUTANTS,
  ...JOB_KIND_MUTANTS,
  ...FLEET_MUTANTS,
];
