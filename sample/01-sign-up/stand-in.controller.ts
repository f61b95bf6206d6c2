import {
  Controller,
  NotFoundException,
  Post,
  Redirect,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { FakePartnero } from 'nestjs-partnero/testing';

/** The stand-in for Partnero, if there is one. */
export class StandIn implements OnApplicationShutdown {
  private isUp = true;

  constructor(private readonly fake: FakePartnero | null) {}

  /** `null`: this app talks to Partnero itself. */
  get state(): 'up' | 'down' | null {
    if (!this.fake) return null;
    return this.isUp ? 'up' : 'down';
  }

  async turn(up: boolean): Promise<void> {
    if (!this.fake) throw new NotFoundException();
    await (up ? this.fake.up() : this.fake.down());
    this.isUp = up;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.fake?.stop();
  }
}

/** Lets you see what happens while Partnero is down. */
@Controller('stand-in')
export class StandInController {
  constructor(private readonly standIn: StandIn) {}

  @Post('down')
  @Redirect('/fate', 303)
  down(): Promise<void> {
    return this.standIn.turn(false);
  }

  @Post('up')
  @Redirect('/fate', 303)
  up(): Promise<void> {
    return this.standIn.turn(true);
  }
}
