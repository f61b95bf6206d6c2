import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { PartneroLifecycle } from './partnero.lifecycle.js';
import { getPartneroTokens } from './program.tokens.js';

/**
 * At boot: what has one name is one program. Otherwise the decorator and the injected service might
 * speak of two.
 */
@Injectable()
export class ProgramNamesCheck implements OnModuleInit {
  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws PartneroConfigurationError naming the program */
  onModuleInit(): void {
    const known = new Map<string, PartneroLifecycle>();
    for (const { token, instance } of this.discovery.getProviders()) {
      if (
        !(instance instanceof PartneroLifecycle) ||
        token !== getPartneroTokens(instance.name).lifecycle
      )
        continue;
      const first = known.get(instance.name);
      if (first && !first.isSameProgramAs(instance)) throw twoOfOneName(instance.name);
      known.set(instance.name, instance);
    }
  }
}

function twoOfOneName(name: string): PartneroConfigurationError {
  return new PartneroConfigurationError(
    `PartneroModule is imported twice as the program '${name}', with different API keys, addresses ` +
      'or outboxes. Import it once, or give the other one a name: forRoot({ name, … }).',
  );
}
