import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsDate,
  IsDefined,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { Dto, nestedDto } from './dto.js';
import { decimalProblem, moneyProblem } from './money/money.js';

type Constructor = new () => object;

function all(...decorators: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    for (const decorate of decorators) decorate(target, property);
  };
}

/** A string with content. */
export const NonEmptyString = () => all(IsString(), IsNotEmpty());

/** A string with content, or nothing. */
export const OptionalNonEmptyString = () => all(IsOptional(), NonEmptyString());

/** Any string, or nothing. */
export const OptionalString = () => all(IsOptional(), IsString());

/** Strings, or nothing. */
export const OptionalStrings = () => all(IsOptional(), IsArray(), IsString({ each: true }));

/** At least one string. */
export const NonEmptyStrings = () => all(IsArray(), ArrayNotEmpty(), IsString({ each: true }));

export const OptionalBoolean = () => all(IsOptional(), IsBoolean());

export const OptionalDate = () => all(IsOptional(), IsDate());

/** An object of a DTO. */
export const Nested = (type: () => Constructor) =>
  all(IsDefined(), IsObject(), ValidateNested(), Type(type), nestedDto(type));

/** An object of a DTO, or nothing. */
export const OptionalNested = (type: () => Constructor) =>
  all(IsOptional(), IsObject(), ValidateNested(), Type(type), nestedDto(type));

/** `Money`. The message says what is wrong, never the amount. */
export const IsMoney = () => isWithout('isMoney', moneyProblem);

export const OptionalMoney = () => all(IsOptional(), IsMoney());

/** An amount in the currency of the program, as a string such as `'49.00'`. */
export const IsDecimalAmount = () =>
  isWithout('isDecimalAmount', (value) => decimalProblem(value, 4));

function isWithout(name: string, problemOf: (value: unknown) => string | null): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => problemOf(value) === null,
      defaultMessage: (given) => problemOf(given?.value) ?? '',
    },
  });
}

/** Ids of products: a string or a number, or several of them. */
export const OptionalProduct = () => all(IsOptional(), isWithout('isProduct', productProblem));

function productProblem(value: unknown): string | null {
  const isProduct = [value].flat().every(isProductId);
  return isProduct ? null : 'must be a string or a number, or a list of these';
}

function isProductId(value: unknown): boolean {
  return typeof value === 'string' || Number.isFinite(value);
}

/** Names somebody by one of three. */
export abstract class ReferenceDto extends Dto {
  @ValidateIf(
    ({ key, id, email }: ReferenceDto) => isGiven(key) || !(isGiven(id) || isGiven(email)),
  )
  @NonEmptyString()
  key?: string | undefined;

  @OptionalNonEmptyString() id?: string | undefined;
  @OptionalNonEmptyString() email?: string | undefined;
}

export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
