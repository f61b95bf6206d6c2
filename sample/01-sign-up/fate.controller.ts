import { Controller, Get } from '@nestjs/common';
import { PartneroService, type HistoryEntry, type ProgramStats } from 'nestjs-partnero';
import { fatePage } from './pages.js';
import { StandIn } from './stand-in.controller.js';
import { Users, type User } from './users.js';

/** One user, and what became of his attribution; `null` if nobody sent him. */
export interface Fate {
  readonly user: User;
  readonly entry: HistoryEntry | null;
}

/** What every app can show to whoever asks "why was, or wasn't, this customer credited?" */
@Controller('fate')
export class FateController {
  constructor(
    private readonly users: Users,
    private readonly partnero: PartneroService,
    private readonly standIn: StandIn,
  ) {}

  @Get()
  async page(): Promise<string> {
    const { stats, fates } = await this.json();
    return fatePage(stats, fates, this.standIn.state);
  }

  @Get('json')
  async json(): Promise<{ stats: ProgramStats; fates: Fate[] }> {
    const stats = await this.partnero.outbox.stats();
    const fates = await Promise.all(
      this.users.all.map(async (user) => {
        const [entry = null] = await this.partnero.outbox.find({ customerKey: user.id });
        return { user, entry };
      }),
    );
    return { stats, fates };
  }
}
