import { answered, countedAge, failed, spendMore, told, type GateState } from '../gate.js';
import type { Failure, GateEvent } from '../outbox.js';
import { changeGate, seenGate, type CompareAndSet, type SeenGate } from './shared-gate.js';

/** Reads the gate of a program, and lets it be changed. */
type Visit = <R>(use: (seen: SeenGate, compareAndSet: CompareAndSet) => Promise<R>) => Promise<R>;

/** The gate as a change has left it, and when. */
interface Changed {
  readonly state: GateState;
  readonly now: number;
}

/** What a job's deliveries have told of its past. */
export interface FailedSince {
  readonly at: number;
  readonly excusedMs: number;
}

/** Writes down what deliveries tell of Partnero: in the gate that all processes obey. */
export class GateWriter {
  constructor(private readonly visit: Visit) {}

  /**
   * Partnero answered: whatever it said, it is there.
   * @param text the gate as it was then; mostly, nothing of it has to change
   */
  async heard(text: string, requests: number): Promise<void> {
    const learn = (gate: GateState) => spendMore(answered(gate), requests - 1);
    const { state } = seenGate(text, 0);
    if (learn(state) !== state) await this.change(learn);
  }

  failed({ jobOnly, testing }: Failure): Promise<Changed> {
    return this.change((gate, now) => (jobOnly ? gate : failed(gate, now, testing)));
  }

  async report(event: GateEvent, keyHash: string | null): Promise<void> {
    await this.change((gate, now) => told(gate, event, now, keyHash));
  }

  private change(change: (gate: GateState, now: number) => GateState): Promise<Changed> {
    return this.visit((seen, compareAndSet) =>
      changeGate(seen, ({ state, now }) => ({ state: change(state, now), now }), compareAndSet),
    );
  }
}

/** What becomes of a job that failed. */
export function fateOf(
  { waiting, maxAgeMs }: Failure,
  since: FailedSince | null,
  { state, now }: Changed,
): 'wait' | 'dead' | 'postpone' {
  if (waiting) return 'wait';
  const age = since === null ? 0 : countedAge(state, since, now);
  return age >= maxAgeMs ? 'dead' : 'postpone';
}
