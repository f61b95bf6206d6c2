import { ReferenceDto } from '../reference.dto.js';

/**
 * Names a partner by one of these: the referral `key`, as in the link and the cookie; Partnero's `id`;
 * the `email`.
 */
export class PartnerReferenceDto extends ReferenceDto {}
