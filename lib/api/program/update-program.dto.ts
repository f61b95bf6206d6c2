import { IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';

/** What *update program* may change; what is absent stays. */
export class UpdateProgramDto {
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(255)
  name?: string | undefined;

  /** An address. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  website?: string | undefined;
}
