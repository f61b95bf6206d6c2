import type { Mutant } from '../mutant.js';
import { FILE_MUTANTS } from './file.js';
import { POLICY_MUTANTS } from './policy.js';
import { RELAY_MUTANTS } from './relay.js';
import { RESPONSE_MUTANTS } from './responses.js';
import { SALE_MUTANTS } from './sales.js';
import { SIGN_UP_MUTANTS } from './sign-up.js';
import { STORE_MUTANTS } from './store.js';

export const MUTANTS: readonly Mutant[] = [
  ...POLICY_MUTANTS,
  ...RELAY_MUTANTS,
  ...STORE_MUTANTS,
  ...FILE_MUTANTS,
  ...RESPONSE_MUTANTS,
  ...SIGN_UP_MUTANTS,
  ...SALE_MUTANTS,
];
