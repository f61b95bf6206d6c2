import type { HandOver, Surplus } from './hand-over.js';

const EVERY_MS = 50;
const AT_MOST = 500;

/** Released jobs that don't stay in memory are given up together. */
export class SurplusTimer {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly handOver: HandOver,
    private readonly giveUp: (surplus: Surplus) => void,
  ) {}

  /** There is some: at once if it is much, else in a moment. */
  soon(): void {
    if (this.handOver.surplusCount >= AT_MOST) return this.giveUpNow();
    this.timer ??= setTimeout(() => this.giveUpNow(), EVERY_MS).unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  giveUpNow(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.giveUp(this.handOver.takeSurplus());
  }
}
