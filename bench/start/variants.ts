export const VARIANTS = ['without', 'peers', 'inline', 'sqlite'] as const;
/**
 * `without`: no PartneroModule. `peers`: neither, but the packages that it needs and that many apps have
 * anyway. `inline`, `sqlite`: with PartneroModule and that outbox.
 */
export type Variant = (typeof VARIANTS)[number];

/** When the app listens. */
export interface Started {
  readonly url: string;
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly rssMb: number;
}

/** CPU time that this process has used so far. Microseconds. */
export type CpuReply = number;
