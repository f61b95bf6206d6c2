/** The folder of the compiled files, in both builds. A bundle may have none. */
export const directory = (): string | undefined =>
  typeof __dirname === 'string' ? __dirname : undefined;
