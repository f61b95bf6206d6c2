import { IsInt, IsNotEmpty, IsOptional, IsString, Max, Min, ValidateIf } from 'class-validator';

/** For whom *sign-in URL* is, and for how long. */
export class SignInUrlDto {
  /** The referral key; or else the `email`. */
  @ValidateIf(({ key, email }: SignInUrlDto) => key !== undefined || email === undefined)
  @IsString()
  @IsNotEmpty()
  key?: string | undefined;

  @IsOptional()
  @IsString()
  @IsNotEmpty()
  email?: string | undefined;

  /** Seconds, 30 to 900. */
  @IsOptional()
  @IsInt()
  @Min(30)
  @Max(900)
  expires_in?: number | undefined;
}
