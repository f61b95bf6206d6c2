// Captures links as the guide says, in each consumer project: every page, `/` among them.
import 'reflect-metadata';
import {
  Controller,
  Get,
  Module,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { captureReferrals, PartneroModule, ReferralCaptureMiddleware } from 'nestjs-partnero';

@Controller()
class PagesController {
  @Get()
  home(): string {
    return 'home';
  }

  @Get('plans/pricing')
  pricing(): string {
    return 'pricing';
  }
}

type Way = 'app.use' | 'controller' | (string & {});

@Module({})
class CapturingModule implements NestModule {
  static way: Way;

  static by(way: Way): DynamicModule {
    CapturingModule.way = way;
    return {
      module: CapturingModule,
      imports: [
        PartneroModule.forRoot({ enabled: false }),
        PartneroModule.forRoot({ name: 'friends', program: 'refer-a-friend', enabled: false }),
      ],
      controllers: [PagesController],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    const { way } = CapturingModule;
    if (way === 'app.use') return;
    consumer
      .apply(ReferralCaptureMiddleware, ReferralCaptureMiddleware.for('friends'))
      .forRoutes(way === 'controller' ? PagesController : way);
  }
}

async function cookiesBy(way: Way, adapter: string | undefined): Promise<number[]> {
  const app = await NestFactory.create(
    CapturingModule.by(way),
    adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter(),
    { logger: ['error'] },
  );
  if (way === 'app.use') {
    app.use(captureReferrals(app));
    app.use(captureReferrals(app, { name: 'friends' }));
  }
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const counts: number[] = [];
  for (const path of ['/', '/plans/pricing']) {
    const response = await fetch(`http://127.0.0.1:${port}${path}?aff=ann&ref=bob`);
    if (!response.ok) throw new Error(`${path} was answered ${response.status}`);
    counts.push(response.headers.getSetCookie().length);
  }
  await app.close();
  return counts;
}

async function main(): Promise<void> {
  const [, , adapter, pattern = ''] = process.argv;
  for (const way of ['app.use', 'controller', pattern]) {
    const counts = await cookiesBy(way, adapter);
    if (counts.some((count) => count !== 2)) {
      throw new Error(`by ${way}, links set ${counts.join(' and ')} cookies`);
    }
  }
  console.log(`captured by app.use(), a controller and ${pattern}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
