import { PartneroConfigurationError } from './partnero.configuration-error.js';

/**
 * Imports a package that the app may lack.
 *
 * @param install what to do: the end of the message
 * @throws PartneroConfigurationError if it can't be loaded
 */
export async function loadPackage<T>(
  name: string,
  load: () => Promise<T>,
  install: string,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code = 'unknown error' } = (error ?? {}) as NodeJS.ErrnoException;
    throw new PartneroConfigurationError(
      `The package ${name} can't be loaded (${code}). ${install}`,
    );
  }
}
