/**
 * The module is configured in a way that can't work. Thrown while the app boots, never later.
 * The message names the option's path, what was found, and what to do.
 */
export class PartneroConfigurationError extends Error {
  override readonly name = 'PartneroConfigurationError';
}
