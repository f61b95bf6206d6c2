import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  HttpCode,
  Injectable,
  Module,
  Post,
  UseInterceptors,
  type CallHandler,
  type DynamicModule,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { HttpModule, HttpService } from '@nestjs/axios';
import { Agent } from 'node:http';
import { AttributeReferral, PartneroModule, sqliteOutbox } from 'nestjs-partnero';
import { firstValueFrom, type Observable } from 'rxjs';

/** What a sign-up route of a variant needs to know. */
export interface VariantSettings {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly folder: string;
  /** Deliveries at once; 0: the relay is paused. */
  readonly concurrency: number;
}

interface SignUp {
  readonly email: string;
}

const signUp = ({ email }: SignUp) => ({ id: randomUUID(), email });

@Controller()
class PlainController {
  @Post('signup')
  @HttpCode(201)
  signup(@Body() body: SignUp) {
    return signUp(body);
  }
}

@Injectable()
class NoopInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@Controller()
class NoopController {
  @Post('signup')
  @UseInterceptors(NoopInterceptor)
  signup(@Body() body: SignUp) {
    return signUp(body);
  }
}

@Controller()
class AttributedController {
  @Post('signup')
  @AttributeReferral()
  signup(@Body() body: SignUp) {
    return signUp(body);
  }
}

let settings: VariantSettings;
const agent = new Agent({ keepAlive: true });

/** What integrations do by hand: one call inside the sign-up, no retry. */
function createCustomer(http: HttpService, user: { id: string; email: string }) {
  return firstValueFrom(
    http.post(
      `${settings.baseUrl}/customers`,
      { key: user.id, email: user.email, partner: { key: 'ann' } },
      {
        headers: { Authorization: `Bearer ${settings.apiKey}` },
        httpAgent: agent,
        timeout: 10_000,
      },
    ),
  );
}

@Controller()
class InlineController {
  constructor(private readonly http: HttpService) {}

  @Post('signup')
  async signup(@Body() body: SignUp) {
    const user = signUp(body);
    await createCustomer(this.http, user).catch(() => {});
    return user;
  }
}

@Controller()
class ForgetController {
  constructor(private readonly http: HttpService) {}

  @Post('signup')
  signup(@Body() body: SignUp) {
    const user = signUp(body);
    void createCustomer(this.http, user).catch(() => {});
    return user;
  }
}

export const VARIANTS = [
  'plain',
  'no-op interceptor',
  'nestjs-partnero',
  'inline axios',
  'fire-and-forget axios',
] as const;
export type Variant = (typeof VARIANTS)[number];

const CONTROLLERS: Record<Variant, Type> = {
  plain: PlainController,
  'no-op interceptor': NoopController,
  'nestjs-partnero': AttributedController,
  'inline axios': InlineController,
  'fire-and-forget axios': ForgetController,
};

/** The app of one variant: one route, nothing else. */
export function moduleOf(variant: Variant, given: VariantSettings): Type {
  settings = given;
  const imports: (Type | DynamicModule)[] = [];
  if (variant.includes('axios')) imports.push(HttpModule);
  if (variant === 'nestjs-partnero') {
    imports.push(
      PartneroModule.forRoot({
        apiKey: given.apiKey,
        baseUrl: given.baseUrl,
        verifyOnBoot: false,
        outbox: sqliteOutbox({ path: `${given.folder}/outbox.db` }),
        delivery: { concurrency: given.concurrency },
      }),
    );
  }
  @Module({ imports, controllers: [CONTROLLERS[variant]] })
  class AppModule {}
  return AppModule;
}
