/** Why a store that others run could not do it. */
export type FleetStoreProblem = 'away' | 'no_answer' | 'backlog' | 'refused' | 'closed';

/** The store could not do it. Holds no data of a job. */
export class FleetStoreError extends Error {
  override readonly name = 'FleetStoreError';

  constructor(
    message: string,
    readonly problem: FleetStoreProblem,
  ) {
    super(message);
  }

  /** The store was asked and didn't answer: the write may have happened. */
  get fateUnknown(): boolean {
    return this.problem === 'no_answer';
  }
}
