/** The outbox in use can't save jobs in a transaction of the app's own. */
export class NoTransactionsError extends Error {
  override readonly name = 'NoTransactionsError';

  constructor(location: string) {
    super(
      `${location} can't take part in a transaction of the app. Use postgresOutbox(), or leave out the ` +
        'option transaction.',
    );
  }
}
