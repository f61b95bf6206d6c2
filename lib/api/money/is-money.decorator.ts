import { ValidateBy } from 'class-validator';
import { decimalProblem, moneyProblem } from './money-problem.js';

/** Of a field that holds `Money`. The message says what is wrong, never the amount. */
export function IsMoney(): PropertyDecorator {
  return ValidateBy({
    name: 'isMoney',
    validator: {
      validate: (value: unknown) => moneyProblem(value) === null,
      defaultMessage: (given) => moneyProblem(given?.value) ?? '',
    },
  });
}

/** Of a field that holds an amount in the currency of the program, as a text such as `'49.00'`. */
export function IsDecimalAmount(): PropertyDecorator {
  return ValidateBy({
    name: 'isDecimalAmount',
    validator: {
      validate: (value: unknown) => decimalProblem(value, 4) === null,
      defaultMessage: (given) => decimalProblem(given?.value, 4) ?? '',
    },
  });
}
