import { Type } from 'class-transformer';
import { IsNotEmpty, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { SubscriberFieldsDto } from './subscriber-fields.dto.js';
import { SubscriberReferenceDto } from './subscriber-reference.dto.js';

/**
 * Body of *create subscriber*.
 * @see https://docs.partnero.com (Newsletter, Subscribers)
 */
export class CreateSubscriberDto extends SubscriberFieldsDto {
  /** Must not be taken. */
  @IsString()
  @IsNotEmpty()
  email!: string;

  /** Leave it out if Partnero synchronises with the newsletter service. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  id?: string | undefined;

  /** Who referred this subscriber. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => SubscriberReferenceDto)
  referral?: SubscriberReferenceDto | undefined;
}
