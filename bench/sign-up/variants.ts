import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import {
  Body,
  Controller,
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
import { AttributeReferral, PartneroModule, sqliteOutbox } from 'nestjs-partnero';
import { firstValueFrom, type Observable } from 'rxjs';

/** What a variant needs to know. */
export interface VariantSettings {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly folder: string;
  /** False: the relay is paused, so that only accepting is measured. */
  readonly delivers: boolean;
  readonly synchronous?: 'normal' | 'full' | undefined;
}

interface SignUp {
  readonly email: string;
}

const signUp = ({ email }: SignUp) => ({ id: randomUUID(), email });

@Controller()
class PlainController {
  @Post('signup')
  signup(@Body() body: SignUp) {
    return signUp(body);
  }
}

/** What any interceptor costs: the floor for ours. */
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
const httpAgent = new Agent({ keepAlive: true });

/** What integrations do by hand: one call, no retry. */
function createCustomer(http: HttpService, { id, email }: { id: string; email: string }) {
  const body = { key: id, email, partner: { key: 'ann' } };
  const headers = { Authorization: `Bearer ${settings.apiKey}` };
  const url = `${settings.baseUrl}/customers`;
  return firstValueFrom(http.post(url, body, { headers, httpAgent, timeout: 10_000 })).catch(
    () => undefined,
  );
}

@Controller()
class InlineController {
  constructor(private readonly http: HttpService) {}

  @Post('signup')
  async signup(@Body() body: SignUp) {
    const user = signUp(body);
    await createCustomer(this.http, user);
    return user;
  }
}

@Controller()
class ForgetController {
  constructor(private readonly http: HttpService) {}

  @Post('signup')
  signup(@Body() body: SignUp) {
    const user = signUp(body);
    void createCustomer(this.http, user);
    return user;
  }
}

const CONTROLLERS = {
  plain: PlainController,
  'no-op interceptor': NoopController,
  'nestjs-partnero': AttributedController,
  'inline axios': InlineController,
  'fire-and-forget axios': ForgetController,
} satisfies Record<string, Type>;

export type Variant = keyof typeof CONTROLLERS;
export const VARIANTS = Object.keys(CONTROLLERS) as Variant[];

/** The app of one variant: one route, nothing else. */
export function moduleOf(variant: Variant, given: VariantSettings): Type {
  settings = given;
  const { apiKey, baseUrl, folder, delivers, synchronous } = given;
  const imports: (Type | DynamicModule)[] = [];
  if (variant.includes('axios')) imports.push(HttpModule);
  if (variant === 'nestjs-partnero') {
    const outbox = sqliteOutbox({ path: `${folder}/outbox.db`, synchronous });
    const delivery = delivers ? {} : { concurrency: 0 };
    imports.push(
      PartneroModule.forRoot({ apiKey, baseUrl, verifyOnBoot: false, outbox, delivery }),
    );
  }
  @Module({ imports, controllers: [CONTROLLERS[variant]] })
  class AppModule {}
  return AppModule;
}
