/** The name of a program that wasn't given one. */
export const DEFAULT_PROGRAM = 'default';

/** Provided by every PartneroModule, so that its absence can be told from a mistyped name. */
export const PARTNERO_MODULE_PRESENT = 'nestjs-partnero:present';

/** Where the interceptor and `@Referral()` find what they need of a program. */
export function attributionToken(program: string): string {
  return `nestjs-partnero:attribution:${program}`;
}
