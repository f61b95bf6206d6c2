import { OutboxError } from '../outbox.error.js';

/** Why a store that others run could not do it. */
export type FleetStoreProblem = 'away' | 'no_answer' | 'backlog' | 'refused' | 'closed';

/** The store could not do it. Holds no data of a job. */
export class FleetStoreError extends OutboxError {
  override readonly name = 'FleetStoreError';
  /** It was asked and didn't answer: the write may have happened. */
  override readonly fateUnknown: boolean;

  constructor(
    message: string,
    readonly problem: FleetStoreProblem,
  ) {
    super(message);
    this.fateUnknown = problem === 'no_answer';
  }

  override get reason(): string {
    return this.problem;
  }
}
