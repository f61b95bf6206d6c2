import { OutboxError } from '../outbox.error.js';

/** Why a store that others run could not do it. */
export type FleetStoreProblem = 'away' | 'no_answer' | 'backlog' | 'refused' | 'closed';

/** The store could not do it. Holds no data of a job. */
export class FleetStoreError extends OutboxError {
  override readonly name = 'FleetStoreError';
  /** It was asked, once at least, and didn't answer: the write may have happened. */
  override readonly fateUnknown: boolean;

  constructor(
    message: string,
    readonly problem: FleetStoreProblem,
    /** By an earlier attempt, whose answer was lost. */
    mayBeDone = false,
  ) {
    super(message);
    this.fateUnknown = mayBeDone || problem === 'no_answer';
  }

  override get reason(): string {
    return this.problem;
  }
}
