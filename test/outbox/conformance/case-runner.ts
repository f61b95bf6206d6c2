import type { OutboxConformanceOptions } from 'nestjs-partnero/testing';
import { strictOutboxConformance } from './strict-conformance.js';

type Run = () => Promise<void>;

/** Runs cases of the conformance suite without a test framework. */
export class CaseRunner {
  private readonly cases = new Map<string, Run>();
  private begin: Run = () => Promise.resolve();
  private end: Run = () => Promise.resolve();

  constructor(options: Omit<OutboxConformanceOptions, 'framework'>) {
    const framework = {
      describe: (_: string, define: () => void) => define(),
      it: (name: string, run: Run) => void this.cases.set(name, run),
      beforeEach: (run: Run) => void (this.begin = run),
      afterEach: (run: Run) => void (this.end = run),
    };
    strictOutboxConformance({ ...options, framework });
  }

  get names(): string[] {
    return [...this.cases.keys()];
  }

  /** Resolves with what went wrong; `null` if nothing did. */
  async run(name: string): Promise<string | null> {
    const run = this.cases.get(name);
    if (!run) throw new Error(`The suite has no case "${name}".`);
    try {
      await this.begin();
      try {
        await run();
      } finally {
        await this.end();
      }
      return null;
    } catch (error) {
      return String(error);
    }
  }
}
