import { ApiResource } from '../api.resource.js';
import type { CallOptions } from '../call-options.js';
import { validateInput } from '../validate-input.js';
import type { ByProgram, PartneroProgram } from './program-type.js';
import { UpdateProgramDto } from './program.dto.js';
import type { AffiliateProgram, NewsletterProgram, ReferAFriendProgram } from './program.model.js';

/**
 * Plain calls to `/program`. Deleting it, with all partners, customers and commissions, is left out on
 * purpose.
 */
export class ProgramResource<TProgram extends PartneroProgram = 'affiliate'> extends ApiResource {
  /** `GET /program`: what it is, its numbers and its settings. [docs][old-docs] */
  get(
    options: CallOptions = {},
  ): Promise<ByProgram<TProgram, AffiliateProgram, ReferAFriendProgram, NewsletterProgram>> {
    return this.read({ path: ['program'] }, options);
  }

  /**
   * `PUT /program`; what is absent stays as it is. [old-docs]
   * @throws PartneroError `validation`
   */
  async update(changes: UpdateProgramDto, options: CallOptions = {}): Promise<void> {
    const body = validateInput(UpdateProgramDto, changes);
    await this.carryOut({ method: 'PUT', path: ['program'], body }, options);
  }
}
