import { admit, type Admission } from '../gate.js';
import type { FleetClaim, FleetClaimRequest, Grip } from './fleet-store.js';
import { changeGate, type CompareAndSet, type SeenGate } from './shared-gate.js';

export type ClaimedJob = FleetClaim['jobs'][number];

/** What claiming needs of a store. */
export interface ClaimSteps {
  /** The gate, and whether an operator has stopped deliveries. */
  look(): Promise<{ readonly gate: SeenGate; readonly stopped: boolean }>;
  /** Adds up to so many jobs that are due to `claimed`; when the next is due, if there is none now. */
  fetch(max: number, claimed: ClaimedJob[]): Promise<number | null>;
  readonly compareAndSet: CompareAndSet;
  free(grips: readonly Grip[]): Promise<void>;
}

const NOTHING: FleetClaim = {
  jobs: [],
  allowed: 0,
  testing: false,
  probeKey: false,
  wakeAt: null,
  open: false,
};

/** Takes what is due, as far as the gate allows: all processes of the fleet obey the same one. */
export async function claimJobs(
  request: FleetClaimRequest,
  requestsPerMinute: number | undefined,
  steps: ClaimSteps,
): Promise<FleetClaim> {
  const { want, ready, keyHash } = request;
  const ask = (seen: SeenGate, wanted: number): Admission => {
    const { now } = seen;
    const admission = admit(seen.state, { now, want: wanted, keyHash, requestsPerMinute });
    // Told by the store's clock, and needed by that of this machine.
    const { wakeAt } = admission;
    return { ...admission, wakeAt: wakeAt === null ? null : wakeAt - now + Date.now() };
  };
  const { gate, stopped } = await steps.look();
  if (stopped) return NOTHING;
  const most = ask(gate, want);
  if (most.allowed === 0) {
    // Though one process may have to ask about the key.
    const made = await changeGate(
      gate,
      (seen) => unspent(ask(seen, want), seen),
      steps.compareAndSet,
    );
    if (made.allowed > 0) return { ...NOTHING, wakeAt: Date.now() };
    return { ...NOTHING, probeKey: made.probe === 'key', wakeAt: made.wakeAt };
  }
  const claimed: ClaimedJob[] = [];
  const nextDue = await steps.fetch(most.allowed, claimed);
  const wanted = Math.min(want, claimed.length + ready);
  const made = await changeGate(gate, (seen) => ask(seen, wanted), steps.compareAndSet);
  const jobs = claimed.splice(0, made.allowed);
  if (claimed.length > 0) await steps.free(claimed.map(({ grip }) => grip));
  const { pause, breaker } = made.state;
  return {
    jobs,
    allowed: made.allowed - jobs.length,
    testing: made.probe === 'job',
    probeKey: made.probe === 'key',
    wakeAt: made.wakeAt ?? nextDue,
    open: !pause && !breaker && !requestsPerMinute,
  };
}

/** Somebody has opened the gate meanwhile: what would be spent on that is for the next claim. */
function unspent(admission: Admission, seen: SeenGate): Admission {
  return admission.allowed === 0 ? admission : { ...admission, state: seen.state };
}
