/** The outbox in use can't be written to by a transaction of the app's own. */
export class NoTransactionsError extends Error {
  override readonly name = 'NoTransactionsError';

  constructor(location: string) {
    super(
      `${location} knows nothing of transactions. Use postgresOutbox(), or leave the ` +
        'option transaction out.',
    );
  }
}
