/** The command line is invalid. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something is missing in the environment. */
export class MissingSettingError extends Error {
  override readonly name = 'MissingSettingError';

  constructor(message: string) {
    super(
      `${message} The commands read the environment, but no .env file: run \`set -a; . ./.env; set +a\` ` +
        'first if it is there.',
    );
  }
}
