import { OPEN_GATE, type GateState } from '../gate.js';

/** The gate as it stands in the store, and when that was. */
export interface SeenGate {
  readonly state: GateState;
  /** As it is written there; empty before it was ever changed. */
  readonly text: string;
  /** By the clock of the store. */
  readonly now: number;
}

/** Writes the gate unless somebody else has changed it; then it says how it is. */
export type CompareAndSet = (seen: SeenGate, text: string) => Promise<SeenGate | null>;

export function seenGate(text: string, now: number): SeenGate {
  return { text, now, state: text === '' ? OPEN_GATE : (JSON.parse(text) as GateState) };
}

/**
 * Changes the gate, whoever else does meanwhile. What `change` returns beside the state is that of the
 * attempt that counted.
 */
export async function changeGate<T extends { readonly state: GateState }>(
  seen: SeenGate,
  change: (seen: SeenGate) => T,
  compareAndSet: CompareAndSet,
): Promise<T> {
  for (let current = seen; ;) {
    const changed = change(current);
    const text = JSON.stringify(changed.state);
    if (changed.state === current.state || text === current.text) return changed;
    const other = await compareAndSet(current, text);
    // As it was, and yet not changed: this program is not known there yet.
    if (!other || other.text === current.text) return changed;
    current = other;
  }
}
