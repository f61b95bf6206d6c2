import { IsNotEmpty, IsObject, IsOptional, IsString } from 'class-validator';

/** Whom *invite customer* writes to. */
export class InviteCustomerDto {
  @IsString()
  @IsNotEmpty()
  email!: string;

  /** Texts for the placeholders of the invitation. */
  @IsOptional()
  @IsObject()
  personalization?: Record<string, string> | undefined;
}
