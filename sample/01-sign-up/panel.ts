import { Injectable } from '@nestjs/common';
import { PartneroService } from 'nestjs-partnero';
import { explainPause } from 'nestjs-partnero/dashboard';
import { FakeSwitch } from './fake.controller.js';

/** What a page of this sample says below its content, to whoever tries it. */
export interface PanelState {
  /** `null`: this app sends to Partnero itself. */
  readonly fake: 'up' | 'down' | null;
  /** Sign-ups that Partnero doesn't have yet. */
  readonly pending: number;
  /** Why nothing is sent just now, and until when. */
  readonly pause: string | null;
}

@Injectable()
export class Panel {
  constructor(
    private readonly partnero: PartneroService,
    private readonly fakeSwitch: FakeSwitch,
  ) {}

  async state(): Promise<PanelState> {
    const { pending, paused } = await this.partnero.outbox.stats();
    return { fake: this.fakeSwitch.state, pending, pause: paused && explainPause(paused) };
  }
}
