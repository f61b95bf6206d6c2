/** The output of a command, for machines and for people. */
export interface CommandResult {
  readonly json: unknown;
  readonly text: string;
  /** Default 0. */
  readonly exitCode?: number;
}
