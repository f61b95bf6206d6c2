import {
  Controller,
  NotFoundException,
  Post,
  Redirect,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { FakePartnero } from 'nestjs-partnero/testing';

/** Turns the fake Partnero off and on, if there is one. */
export class FakeSwitch implements OnApplicationShutdown {
  private isUp = true;

  constructor(private readonly fake: FakePartnero | null) {}

  /** `null`: this app sends to Partnero itself. */
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

/** Shows what happens while Partnero is down. */
@Controller('fake')
export class FakeController {
  constructor(private readonly fakeSwitch: FakeSwitch) {}

  @Post('down')
  @Redirect('/', 303)
  down(): Promise<void> {
    return this.fakeSwitch.turn(false);
  }

  @Post('up')
  @Redirect('/', 303)
  up(): Promise<void> {
    return this.fakeSwitch.turn(true);
  }
}
