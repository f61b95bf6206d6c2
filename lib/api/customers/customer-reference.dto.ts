import { ReferenceDto } from '../reference.dto.js';

/**
 * Names a customer by one of these. `key` is your own id in an affiliate program, and the public key
 * in a refer-a-friend program, where `id` is your own.
 */
export class CustomerReferenceDto extends ReferenceDto {}
