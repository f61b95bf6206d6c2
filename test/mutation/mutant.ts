/** One defence taken out of the code, and the tests that must notice. */
export interface Mutant {
  /** Of design §4, or another promise, in words. */
  readonly rule: string;
  /** Below lib/. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly specs: readonly string[];
  /** Only tests whose name matches. */
  readonly only?: string;
}
