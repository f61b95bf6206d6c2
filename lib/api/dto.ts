import 'reflect-metadata';
import { getMetadataStorage } from 'class-validator';

/** Of one property, as `@nestjs/swagger` takes it. */
interface OpenApiProperty {
  readonly required: boolean;
  readonly type: unknown;
  readonly properties?: object;
}

/** By the rules of class-validator. The types of optional properties don't exist at run time. */
const TYPES: Readonly<Record<string, unknown>> = {
  isBoolean: Boolean,
  isDate: Date,
  isInt: Number,
  isObject: Object,
};

const MONEY = {
  type: 'object',
  properties: {
    amount: { type: 'string', example: '49.00' },
    currency: { type: 'string', example: 'USD' },
    exponent: { type: 'integer' },
  },
};

const NESTED = 'nestjs-partnero:nested';

/** Remembers the DTO of a property. */
export function nestedDto(type: () => new () => object): PropertyDecorator {
  return Reflect.metadata(NESTED, type);
}

/** The body of a request, or a part of one. */
export abstract class Dto {
  /** Where `@nestjs/swagger` finds the properties of a class that has no decorators of its own. */
  static _OPENAPI_METADATA_FACTORY(): Record<string, OpenApiProperty> {
    const rules = getMetadataStorage().getTargetValidationMetadatas(this, '', false, false);
    const names = new Set(rules.map(({ propertyName }) => propertyName));
    return Object.fromEntries(
      [...names].map((name) => {
        const own = rules.filter(({ propertyName }) => propertyName === name);
        const required = !own.some(({ type }) => type === 'conditionalValidation');
        if (own.some((rule) => rule.name === 'isMoney')) return [name, { required, ...MONEY }];
        const nested = Reflect.getMetadata(NESTED, this.prototype, name) as
          (() => unknown) | undefined;
        const each = own.map((rule) => TYPES[rule.name ?? '']).find(Boolean) ?? String;
        const isList = own.some((rule) => rule.each);
        // A function of this name is called for the type.
        const type = () => nested?.() ?? (isList ? [each] : each);
        return [name, { required, type }];
      }),
    );
  }
}
