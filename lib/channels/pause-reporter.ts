import type { Pause, PauseReason } from '../outbox/delivery.js';
import { publish } from './channels.js';

/** Publishes when the delivery of a program pauses, and when it goes on. */
export class PauseReporter {
  private reason: PauseReason | null = null;

  constructor(private readonly program: string) {}

  /** @param pause `null`: it goes on */
  report(pause: Pause | null): void {
    const { program, reason: before } = this;
    if (before === (pause?.reason ?? null)) return;
    this.reason = pause?.reason ?? null;
    if (pause) publish('paused', () => ({ program, ...pause }));
    else if (before) publish('resumed', () => ({ program, reason: before }));
  }
}
