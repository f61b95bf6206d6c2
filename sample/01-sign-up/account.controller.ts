import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { accountPage } from './pages.js';
import { Panel } from './panel.js';
import { Users } from './users.js';

/** The first page of a new user. */
@Controller('account')
export class AccountController {
  constructor(
    private readonly users: Users,
    private readonly panel: Panel,
  ) {}

  @Get(':id')
  async welcome(@Param('id') id: string): Promise<string> {
    const user = this.users.find(id);
    if (!user) throw new NotFoundException();
    return accountPage(user, await this.panel.state());
  }
}
