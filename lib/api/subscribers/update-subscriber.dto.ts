import { IsNotEmpty, IsOptional, IsString } from 'class-validator';
import { SubscriberFieldsDto } from './subscriber-fields.dto.js';

/** What *update subscriber* may change; what is absent stays. */
export class UpdateSubscriberDto extends SubscriberFieldsDto {
  /** Must not be taken. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  email?: string | undefined;
}
