import {
  Body,
  Controller,
  Get,
  Injectable,
  Post,
  Scope,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AttributeReferral,
  PartneroService,
  Referral,
  type ReferralContext,
} from 'nestjs-partnero';
import { map } from 'rxjs';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp } from '../support/app.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let instances = 0;

@Injectable()
class PlainService {
  constructor() {
    instances += 1;
  }
}

@Controller('class')
@AttributeReferral()
class ClassLevelController {
  @Post('one')
  one() {
    return { id: 'class-one' };
  }

  @Post('two')
  @AttributeReferral((result: { user: { id: string } }) => result.user)
  two() {
    return { user: { id: 'class-two' } };
  }
}

abstract class BaseController {
  @Post('signup')
  @AttributeReferral()
  signup(@Body() body: { id: string }) {
    return body;
  }
}

@Controller('inherited-a')
class InheritedA extends BaseController {}

@Controller('inherited-b')
class InheritedB extends BaseController {}

@Controller({ path: 'request-scoped', scope: Scope.REQUEST })
class RequestScopedController {
  constructor(readonly plain: PlainService) {}

  @Post('signup')
  @AttributeReferral()
  signup(@Body() body: { id: string }) {
    return body;
  }
}

@Controller('undecorated')
class UndecoratedController {
  @Post('signup')
  async signup(@Referral() referral: ReferralContext) {
    return { outcome: await referral.attribute({ id: 'undecorated' }), key: referral.key };
  }

  @Get('token')
  token(@Referral() referral: ReferralContext) {
    return { token: referral.toToken(), source: referral.source };
  }
}

describe.each(ADAPTERS)('where the decorators may stand, on %s', (adapter) => {
  let fake: FakePartnero;

  beforeEach(async () => {
    instances = 0;
    fake = await FakePartnero.start({ partners: ['ann'] });
  });

  afterEach(async () => {
    await closeApps();
    await fake.stop();
  });

  afterAll(removeTemporaryFolders);

  const start = (...controllers: Type[]) =>
    startApp({ adapter, imports: [partnero(fake)], controllers, providers: [PlainService] });
  const keys = () => fake.customers.map(({ key }) => key).toSorted();

  it('on a class; the one on a method wins, and neither counts twice', async () => {
    const { url, app } = await start(ClassLevelController);
    await visit(`${url}/class/one`, { partner: 'ann' });
    await visit(`${url}/class/two`, { partner: 'ann' });
    const stats = await settled(app, 2);
    expect(keys()).toEqual(['class-one', 'class-two']);
    expect(stats.notAccepted.no_customer).toBe(0);
  });

  it('on a method that two controllers inherit', async () => {
    const { url, app } = await start(InheritedA, InheritedB);
    await visit(`${url}/inherited-a/signup`, { partner: 'ann', body: { id: 'a' } });
    await visit(`${url}/inherited-b/signup`, { partner: 'ann', body: { id: 'b' } });
    await settled(app, 2);
    expect(keys()).toEqual(['a', 'b']);
  });

  it('on a request-scoped controller, and nothing else becomes request-scoped', async () => {
    const { url, app } = await start(RequestScopedController);
    for (const id of ['x', 'y', 'z']) {
      await visit(`${url}/request-scoped/signup`, { partner: 'ann', body: { id } });
    }
    await settled(app, 3);
    expect(keys()).toEqual(['x', 'y', 'z']);
    expect(instances).toBe(1);
  });

  it('without @AttributeReferral(), @Referral() attributes at once', async () => {
    const { url, app } = await start(UndecoratedController);
    const response = await visit(`${url}/undecorated/signup`, { partner: 'ann' });
    expect(await response.json()).toEqual({ outcome: 'queued', key: 'ann' });
    await settled(app, 1);
    expect(keys()).toEqual(['undecorated']);
  });

  it('gives a token that can be read back', async () => {
    const { url, app } = await start(UndecoratedController);
    const response = await visit(`${url}/undecorated/token`, { method: 'GET', partner: 'ann' });
    const { token, source } = (await response.json()) as { token: string; source: string };
    expect(source).toBe('cookie');
    expect(app.get(PartneroService).referralFrom(token)).toMatchObject({
      key: 'ann',
      source: 'token',
    });
    const nobody = await visit(`${url}/undecorated/token`, { method: 'GET' });
    expect(await nobody.json()).toEqual({ token: '', source: null });
  });

  it('passes through where the app has no PartneroModule', async () => {
    const { url, logger } = await startApp({
      adapter,
      controllers: [InheritedA, UndecoratedController],
    });
    const response = await visit(`${url}/inherited-a/signup`, {
      partner: 'ann',
      body: { id: 'a' },
    });
    expect(await response.json()).toEqual({ id: 'a' });
    const loose = await visit(`${url}/undecorated/signup`, { partner: 'ann' });
    expect(await loose.json()).toEqual({ outcome: 'disabled', key: null });
    expect(logger.ours()).toEqual([]);
  });

  it('says once outside tests that PartneroModule is missing', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'development';
    try {
      const { url, logger } = await startApp({ adapter, controllers: [InheritedB] });
      for (let i = 0; i < 2; i += 1) {
        await visit(`${url}/inherited-b/signup`, { partner: 'ann', body: { id: 'a' } });
      }
      const warnings = logger.ours('warn');
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(/InheritedB\.signup .*PartneroModule\.forRoot\(\)/);
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });

  it('works with a handler called as it is in a unit test', async () => {
    const attributed: unknown[] = [];
    const referral: ReferralContext = {
      key: 'ann',
      source: 'cookie',
      attribute: (customer) => {
        attributed.push(customer);
        return Promise.resolve('queued');
      },
      skip: () => {},
      toToken: () => '',
    };
    const module = await Test.createTestingModule({
      controllers: [UndecoratedController],
    }).compile();
    await module.get(UndecoratedController).signup(referral);
    expect(attributed).toEqual([{ id: 'undecorated' }]);
  });
});

it.each([
  [
    'a method',
    () => {
      class Twice {
        @AttributeReferral()
        @AttributeReferral({ name: 'second' })
        signup() {
          return { id: 1 };
        }
      }
      return Twice;
    },
  ],
  [
    'a class',
    () => {
      @AttributeReferral()
      @AttributeReferral({ name: 'second' })
      class Twice {}
      return Twice;
    },
  ],
])('two decorators on %s are refused: one of them would be silent', (_, declare) => {
  expect(declare).toThrow(/has two @AttributeReferral\(\)/);
});

describe('the boot of an app whose decorator names an unknown program', () => {
  @Controller()
  class Misnamed {
    @Post('signup')
    @AttributeReferral({ name: 'referals' })
    signup() {
      return { id: '1' };
    }
  }

  it('fails, naming the route and the programs that exist', async () => {
    const fake = await FakePartnero.start();
    const starting = startApp({
      imports: [partnero(fake, { name: 'referrals' })],
      controllers: [Misnamed],
    });
    await expect(starting).rejects.toThrow(/Misnamed\.signup.*'referals'.*referrals/s);
    await closeApps();
    await fake.stop();
  });
});

describe('beside other interceptors of a method', () => {
  @Injectable()
  class Wrap implements NestInterceptor {
    intercept(_: ExecutionContext, next: CallHandler) {
      return next.handle().pipe(map((data: unknown) => ({ data })));
    }
  }

  @Controller()
  class WrappedController {
    @Post('above')
    @AttributeReferral()
    @UseInterceptors(Wrap)
    above() {
      return { id: 'above' };
    }

    @Post('below')
    @UseInterceptors(Wrap)
    @AttributeReferral(({ data }: { data: { id: string } }) => data)
    below() {
      return { id: 'below' };
    }
  }

  it('sees what the handler returned if it is written above, and what they made of it below', async () => {
    const fake = await FakePartnero.start({ partners: ['ann'] });
    const { url, app } = await startApp({
      imports: [partnero(fake)],
      controllers: [WrappedController],
    });
    for (const path of ['above', 'below']) {
      const response = await visit(`${url}/${path}`, { partner: 'ann' });
      expect(await response.json()).toEqual({ data: { id: path } });
    }
    await settled(app, 2);
    expect(fake.customers.map(({ key }) => key)).toEqual(['above', 'below']);
    await closeApps();
    await fake.stop();
  });
});
