import { Controller, Get } from '@nestjs/common';
import { PartneroService, type HistoryEntry, type ProgramStats } from 'nestjs-partnero';
import { FakeSwitch } from './fake.controller.js';
import { statusPage } from './pages.js';
import { Users, type User } from './users.js';

/** One user, and the job that attributes the sign-up; `null` if nobody referred this user. */
export interface SignUpStatus {
  readonly user: User;
  readonly entry: HistoryEntry | null;
}

/** Answers the question "why was, or wasn't, this customer credited?" */
@Controller('status')
export class StatusController {
  constructor(
    private readonly users: Users,
    private readonly partnero: PartneroService,
    private readonly fakeSwitch: FakeSwitch,
  ) {}

  @Get()
  async page(): Promise<string> {
    const { stats, signUps } = await this.json();
    return statusPage(stats, signUps, this.fakeSwitch.state);
  }

  @Get('json')
  async json(): Promise<{ stats: ProgramStats; signUps: SignUpStatus[] }> {
    const stats = await this.partnero.outbox.stats();
    const signUps = await Promise.all(
      this.users.all.map(async (user) => {
        const [entry = null] = await this.partnero.outbox.find({ customerKey: user.id });
        return { user, entry };
      }),
    );
    return { stats, signUps };
  }
}
