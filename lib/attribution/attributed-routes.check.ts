import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { programOfAttributionToken } from '../program/program.tokens.js';
import {
  ATTRIBUTE_REFERRAL,
  type AttributeReferralMetadata,
} from './attribute-referral.metadata.js';

type Wrapper = ReturnType<DiscoveryService['getControllers']>[number];

/** At boot, not at the first sign-up: every decorated route names a program that this app has. */
@Injectable()
export class AttributedRoutesCheck implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws PartneroConfigurationError naming the route */
  onModuleInit(): void {
    const providers = this.discovery.getProviders();
    const programs = new Set(providers.map(({ token }) => programOfAttributionToken(token)));
    // Resolvers are providers.
    for (const wrapper of [...this.discovery.getControllers(), ...providers]) {
      for (const [route, program] of this.routesOf(wrapper)) {
        if (!programs.has(program)) throw unknownProgram(route, program, programs);
      }
    }
  }

  private *routesOf({ metatype }: Wrapper): Generator<[route: string, program: string]> {
    const prototype: unknown = typeof metatype === 'function' ? metatype.prototype : undefined;
    if (!metatype || typeof prototype !== 'object' || prototype === null) return;
    const ofClass = programOf(metatype);
    if (ofClass !== undefined) yield [metatype.name, ofClass];
    for (const name of this.scanner.getAllMethodNames(prototype)) {
      const method: unknown = (prototype as Record<string, unknown>)[name];
      const program = typeof method === 'function' ? programOf(method) : undefined;
      if (program !== undefined) yield [`${metatype.name}.${name}`, program];
    }
  }
}

function programOf(target: object): string | undefined {
  const metadata: unknown = Reflect.getMetadata(ATTRIBUTE_REFERRAL, target);
  return (metadata as AttributeReferralMetadata | undefined)?.program;
}

function unknownProgram(
  route: string,
  program: string,
  programs: ReadonlySet<string | undefined>,
): PartneroConfigurationError {
  const known = [...programs].filter((name) => name !== undefined).map((name) => `'${name}'`);
  return new PartneroConfigurationError(
    `${route} attributes to the program '${program}', which this app doesn't have. It has: ` +
      `${known.join(', ')}. Import PartneroModule.forRoot({ name: '${program}', … }), or correct the ` +
      'name given to @AttributeReferral().',
  );
}
