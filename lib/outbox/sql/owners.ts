import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { uuid7 } from '../uuid7.js';
import type { Operation, OtherOwner, Owner } from './operations.js';

/** A process that has been silent for longer loses its lease. */
const LEASE_MS = 10_000;
export const HEARTBEAT_MS = 2_000;
/** Without a heartbeat for so long, a process may have lost its lease. */
const SILENCE_MS = LEASE_MS / 2;
const CLOCK_TOLERANCE_MS = 1_000;
/** A process that is alive shows it more often. */
const OVERDUE_MS = 3 * HEARTBEAT_MS;

/** Runs operations in one transaction. */
export type Transact = (operations: Operation[]) => Promise<unknown[]>;

export interface Sweep {
  /** False if another process had taken this one for ended. */
  readonly wasAlive: boolean;
  /** Jobs that were taken over from processes that have ended. */
  readonly recovered: number;
}

/** This process, under a token of its own: a row with it belongs to this process. */
export function newOwner(): Owner {
  return { token: uuid7(), host: hostname(), pidNamespace: pidNamespace(), pid: process.pid };
}

/** Shows that this process is alive, and frees the jobs of those that aren't. */
export class Heartbeat {
  private clockOffsetMs = clockOffsetMs();
  private expiresLeasesFrom = 0;

  /** @param seenAt when it was last shown, by `performance.now()` */
  constructor(
    private readonly transact: Transact,
    readonly me: Owner,
    private seenAt = performance.now(),
  ) {}

  /** Others may have taken this process for ended. */
  get wasSilent(): boolean {
    return performance.now() - this.seenAt > SILENCE_MS;
  }

  async beat(): Promise<Sweep> {
    const leaseMs = this.leaseMs();
    const heartbeat: Operation = { name: 'heartbeat', program: '', args: this.me };
    const [beat] = (await this.transact([heartbeat])) as [
      { registered: boolean; others: OtherOwner[] },
    ];
    const owners = beat.others.filter((other) => hasEnded(other, this.me, leaseMs));
    const takeOver: Operation = { name: 'takeOver', program: '', args: { owners } };
    const [recovered] = (await this.transact([takeOver])) as [number];
    this.seenAt = performance.now();
    return { wasAlive: !beat.registered, recovered };
  }

  /**
   * What kept this process from its heartbeat, such as a lock or a database that was away, kept others from
   * theirs. They get a lease's time, and so they do when the clock was set.
   */
  private leaseMs(): number {
    const offsetMs = clockOffsetMs();
    const wasSet = Math.abs(offsetMs - this.clockOffsetMs) > CLOCK_TOLERANCE_MS;
    this.clockOffsetMs = offsetMs;
    if (wasSet || this.wasSilent) this.expiresLeasesFrom = performance.now() + LEASE_MS;
    return performance.now() < this.expiresLeasesFrom ? Infinity : LEASE_MS;
  }
}

function clockOffsetMs(): number {
  return Date.now() - performance.now();
}

function hasEnded(other: OtherOwner, me: Owner, leaseMs: number): boolean {
  if (Math.abs(other.silentMs) > leaseMs) return true;
  if (other.host !== me.host) return false;
  // The same process id, last seen before this process began: what ran here before, in a container say.
  // But containers may share a host's name.
  if (other.pid === me.pid) return other.silentMs > Math.max(process.uptime() * 1_000, OVERDUE_MS);
  return other.pidNamespace === me.pidNamespace && !isRunning(other.pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Tells containers apart, whose process ids say nothing about each other. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
