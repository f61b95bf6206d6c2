import { IsNotEmpty, IsOptional, IsString, ValidateIf } from 'class-validator';

/** Names a subscriber by one of two. */
export class SubscriberReferenceDto {
  /** Of the newsletter service. */
  @ValidateIf(({ id, email }: SubscriberReferenceDto) => id !== undefined || email === undefined)
  @IsString()
  @IsNotEmpty()
  id?: string | undefined;

  @IsOptional()
  @IsString()
  @IsNotEmpty()
  email?: string | undefined;
}
