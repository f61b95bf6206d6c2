import { Controller, Get, Inject, Module, type DynamicModule } from '@nestjs/common';
import { PartneroModule } from 'nestjs-partnero';
import { DOMAIN, type Hosts } from './hosts.js';

/** The pages that partners' links lead to. They sign nobody up. */
@Controller()
class PagesController {
  constructor(@Inject('HOSTS') private readonly hosts: Hosts) {}

  @Get()
  landing(): string {
    return `<!doctype html><title>Acme Notes</title>
      <h1>Acme Notes</h1>
      <p><a href="/pricing">Pricing</a></p>
      <p><a href="${this.hosts.app}/signup">Sign up</a></p>`;
  }

  @Get('pricing')
  pricing(): string {
    return `<!doctype html><title>Pricing</title>
      <h1>It is free</h1>
      <p><a href="${this.hosts.app}/signup">Sign up</a></p>`;
  }
}

@Module({ controllers: [PagesController] })
export class WwwModule {
  static with(hosts: Hosts): DynamicModule {
    return {
      module: WwwModule,
      // It attributes nothing: it needs no API key, and captures all the same.
      imports: [
        PartneroModule.forRoot({ enabled: false, referral: { capture: { domain: DOMAIN } } }),
      ],
      providers: [{ provide: 'HOSTS', useValue: hosts }],
    };
  }
}
