import type { ByProgram } from '../program/program-type.js';
import type { CreateCustomerDto } from './create-customer.dto.js';
import type { CreateReferredCustomerDto } from './create-referred-customer.dto.js';

/** Body of *create customer* in a program of a type. */
export type CreateCustomerInput<TProgram extends 'affiliate' | 'refer-a-friend' = 'affiliate'> =
  ByProgram<TProgram, CreateCustomerDto, CreateReferredCustomerDto, never>;
