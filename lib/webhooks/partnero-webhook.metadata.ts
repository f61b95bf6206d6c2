/** Options of `@PartneroWebhook()`. */
export interface PartneroWebhookOptions {
  /** The program, if the app has several: the `name` given to `PartneroModule.forRoot()`. */
  readonly name?: string | undefined;
}

/** What `@PartneroWebhook()` writes on a class or method. */
export interface PartneroWebhookMetadata {
  readonly program: string;
}

export const PARTNERO_WEBHOOK = 'nestjs-partnero:webhook';
