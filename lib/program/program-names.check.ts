import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ATTRIBUTE_REFERRAL } from '../attribution/attribute-referral.metadata.js';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { ON_PARTNERO_EVENT } from '../webhooks/on-partnero-event.decorator.js';
import { PARTNERO_WEBHOOK } from '../webhooks/partnero-webhook.decorator.js';
import { AppDecorators } from './app-decorators.js';
import { PartneroLifecycle } from './partnero.lifecycle.js';
import { getPartneroTokens, programOfAttributionToken } from './program.tokens.js';

const DECORATORS = [ATTRIBUTE_REFERRAL, PARTNERO_WEBHOOK, ON_PARTNERO_EVENT];

interface NamesProgram {
  readonly program: string;
}

/** At boot: each name is that of one program, and every decorator names a program of this app. */
@Injectable()
export class ProgramNamesCheck implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly app: AppDecorators,
  ) {}

  /** @throws PartneroConfigurationError naming the program, and the decorated method */
  onModuleInit(): void {
    const lifecycles = new Map<string, PartneroLifecycle>();
    const programs = new Set<string>();
    for (const { token, instance } of this.discovery.getProviders()) {
      const program = programOfAttributionToken(token);
      if (program !== undefined) programs.add(program);
      if (!(instance instanceof PartneroLifecycle)) continue;
      if (token !== getPartneroTokens(instance.name).lifecycle) continue;
      const first = lifecycles.get(instance.name);
      if (first && !first.isSameProgramAs(instance)) throw twoOfOneName(instance.name);
      lifecycles.set(instance.name, instance);
    }
    for (const key of DECORATORS) {
      for (const { id, metadata } of this.app.find<NamesProgram | NamesProgram[]>(key)) {
        for (const { program } of [metadata].flat()) {
          if (!programs.has(program)) throw unknownProgram(id, program, programs);
        }
      }
    }
  }
}

function twoOfOneName(name: string): PartneroConfigurationError {
  return new PartneroConfigurationError(
    `PartneroModule is imported twice as the program '${name}', with different API keys, addresses ` +
      'or outboxes. Import it once, or give the other one a name: forRoot({ name, … }).',
  );
}

function unknownProgram(
  where: string,
  program: string,
  programs: ReadonlySet<string>,
): PartneroConfigurationError {
  const known = [...programs].map((name) => `'${name}'`).join(', ');
  return new PartneroConfigurationError(
    `${where} is for the program '${program}', which this app doesn't have. It has: ${known}. Import ` +
      `PartneroModule.forRoot({ name: '${program}', … }), or correct the name given to the decorator.`,
  );
}
