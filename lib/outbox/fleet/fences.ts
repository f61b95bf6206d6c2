/** Tell apart what a process was given: each store remembers under which one it gave a job. */
export class Fences {
  private last = 0;

  /** @param owner Random; what this process holds is found by it. */
  constructor(private readonly owner: string) {}

  next(): string {
    this.last += 1;
    return `${this.owner}.${this.last.toString(36)}`;
  }
}
