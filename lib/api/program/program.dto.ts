import { MaxLength } from 'class-validator';
import { Dto } from '../dto.js';
import { OptionalNonEmptyString } from '../dto-fields.js';

/** What *update program* may change; what is absent stays. */
export class UpdateProgramDto extends Dto {
  @OptionalNonEmptyString()
  @MaxLength(255)
  name?: string | undefined;

  /** A URL. */
  @OptionalNonEmptyString() website?: string | undefined;
}
