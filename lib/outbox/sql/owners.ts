import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { uuid7 } from '../uuid7.js';
import type { Operation, OtherOwner, Owner } from './operations.js';

/** A process that has been silent for longer loses its lease. */
export const LEASE_MS = 10_000;
export const HEARTBEAT_MS = 2_000;

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

/**
 * Shows that this process is alive, and frees the jobs of those that aren't.
 * @param leaseMs how long others may be silent before they lose their lease
 */
export async function sweepOwners(
  transact: Transact,
  me: Owner,
  leaseMs = LEASE_MS,
): Promise<Sweep> {
  const [beat] = (await transact([{ name: 'heartbeat', program: '', args: me }])) as [
    { registered: boolean; others: OtherOwner[] },
  ];
  const owners = beat.others.filter((other) => hasEnded(other, me, leaseMs));
  const takeOver: Operation = { name: 'takeOver', program: '', args: { owners } };
  const [recovered] = (await transact([takeOver])) as [number];
  return { wasAlive: !beat.registered, recovered };
}

function hasEnded(other: OtherOwner, me: Owner, leaseMs: number): boolean {
  if (Math.abs(other.silentMs) > leaseMs) return true;
  if (other.host !== me.host) return false;
  // The same process id, last seen before this process began: what ran here before, in a container say.
  if (other.pid === me.pid) return other.silentMs > process.uptime() * 1_000;
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
