import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, Module, Param, Post, type DynamicModule } from '@nestjs/common';
import {
  AttributeReferral,
  PartneroModule,
  PartneroService,
  type PartneroModuleOptions,
} from 'nestjs-partnero';

@Controller()
class AccountsController {
  constructor(private readonly partnero: PartneroService) {}

  @Post('accounts')
  @AttributeReferral()
  signUp(@Body() { email }: { email: string }) {
    return { id: randomUUID(), email };
  }

  /** The status of the attribution; an empty list if nobody referred this user. */
  @Get('status/:id')
  status(@Param('id') id: string) {
    return this.partnero.outbox.find({ customerKey: id });
  }
}

@Module({ controllers: [AccountsController] })
export class ApiModule {
  static with(options: PartneroModuleOptions): DynamicModule {
    return { module: ApiModule, imports: [PartneroModule.forRoot(options)] };
  }
}
