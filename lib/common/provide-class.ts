import type { InjectionToken, Provider } from '@nestjs/common';

/** A provider that makes a class out of other providers, in the order of its parameters. */
export function provideClass<Parts extends unknown[]>(
  provide: InjectionToken,
  type: new (...parts: Parts) => unknown,
  inject: { [Part in keyof Parts]: InjectionToken },
): Provider {
  return { provide, useFactory: (...parts: Parts) => new type(...parts), inject };
}
