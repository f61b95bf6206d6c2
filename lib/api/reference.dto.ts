import { IsNotEmpty, IsString, ValidateIf } from 'class-validator';

/** Names somebody by one of three. */
export abstract class ReferenceDto {
  @ValidateIf((self: ReferenceDto) => isGiven(self.key) || !isNamedOtherwise(self))
  @IsString()
  @IsNotEmpty()
  key?: string | undefined;

  @ValidateIf((self: ReferenceDto) => isGiven(self.id))
  @IsString()
  @IsNotEmpty()
  id?: string | undefined;

  @ValidateIf((self: ReferenceDto) => isGiven(self.email))
  @IsString()
  @IsNotEmpty()
  email?: string | undefined;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isNamedOtherwise(self: ReferenceDto): boolean {
  return isGiven(self.id) || isGiven(self.email);
}
