import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import { Body, Controller, Post } from '@nestjs/common';
import { AttributeReferral, sqliteOutbox, type PartneroModuleOptions } from 'nestjs-partnero';
import { PartneroOpenTelemetryModule } from 'nestjs-partnero/opentelemetry';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { visit } from '../support/sign-up-client.js';
import {
  MetricsController,
  registerTelemetry,
  scrape,
  unregisterTelemetry,
  type Sample,
} from '../support/telemetry.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const docs = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8');
const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(docs) ?? [];
/** The expressions of the rules, by name. */
const rules = new Map(
  [...yaml.matchAll(/- alert: (\w+)\n\s+expr: (?:>-\n)?([\s\S]*?)\n\s+(?:for|annotations):/g)].map(
    ([, name, expression]) => [name!, expression!.replaceAll(/\s+/g, ' ').trim()],
  ),
);

interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

interface Selector {
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

function selectorsOf(expression: string): Selector[] {
  return [...expression.matchAll(/\b(partnero_\w+)(?:\{([^}]*)\})?(?=[)[])/g)]
    .filter(([, , labels = '']) => !labels.startsWith('by'))
    .map(([, name, labels = '']) => ({
      name: name!,
      matchers: [...labels.matchAll(/(\w+)(=~|!=|=)"([^"]*)"/g)].map(
        ([, label, operator, value]) => ({ label: label!, operator: operator!, value: value! }),
      ),
    }))
    .filter(({ name }) => !LABELS.has(name));
}

const LABELS = new Set(['partnero_program', 'partnero_box']);

function matches({ labels }: Sample, { label, operator, value }: Matcher): boolean {
  const actual = labels[label];
  if (actual === undefined) return false;
  if (operator === '=~') return new RegExp(`^(?:${value})$`).test(actual);
  return operator === '=' ? actual === value : actual !== value;
}

const select = (samples: readonly Sample[], { name, matchers }: Selector) =>
  samples.filter(
    (sample) => sample.name === name && matchers.every((matcher) => matches(sample, matcher)),
  );

/** The rules on a gauge that are true of a scrape. */
function firing(samples: readonly Sample[]): string[] {
  return [...rules].flatMap(([name, expression]) => {
    const [, operator, limit] = / (>|==) (\d+)$/.exec(expression) ?? [];
    const [selector, ...more] = selectorsOf(expression);
    if (!selector || more.length > 0) return [];
    const values = select(samples, selector).map(({ value }) => value);
    const isTrue = (value: number) =>
      operator === '>' ? value > Number(limit) : value === Number(limit);
    return values.some(isTrue) ? [name] : [];
  });
}

@Controller()
class AuthController {
  @Post('signup')
  @AttributeReferral()
  signUp(@Body() body: { id: string }) {
    return body;
  }
}

let fake: FakePartnero;
let url: string;

beforeEach(async () => {
  registerTelemetry();
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
  unregisterTelemetry();
});

afterAll(removeTemporaryFolders);

async function start(options: PartneroModuleOptions = {}): Promise<void> {
  const outbox = sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` });
  const imports = [partnero(fake, { outbox, ...options }), PartneroOpenTelemetryModule];
  ({ url } = await startApp({ imports, controllers: [AuthController, MetricsController] }));
}

const signUp = () => visit(`${url}/signup`, { partner: 'ann', body: { id: 'u1' } });

describe('the alert rules in the docs', () => {
  it('are all found', () => {
    expect([...rules.keys()]).toEqual([
      'PartneroNothingDelivered',
      'PartneroJobsPendingForLong',
      'PartneroDeadLetters',
      'PartneroNeedsAction',
      'PartneroJobsCannotBeSaved',
    ]);
  });

  it('use only metrics and labels that an app has', async () => {
    await start();
    await signUp();
    const samples = await eventually(async () => {
      const scraped = await scrape(url);
      return scraped.some(({ name }) => name === 'partnero_jobs_ended_total') && scraped;
    });
    for (const [rule, expression] of rules) {
      const selectors = selectorsOf(expression);
      expect(selectors.length).toBeGreaterThan(0);
      for (const selector of selectors) {
        const found = select(samples, selector);
        expect([rule, selector, found.length]).not.toEqual([rule, selector, 0]);
        const grouped = [...expression.matchAll(/ by \(([^)]*)\)/g)].flatMap(([, by]) =>
          by!.split(', '),
        );
        for (const label of grouped) expect(found[0]?.labels).toHaveProperty([label]);
      }
    }
  });

  it('are quiet while all is well', async () => {
    await start();
    await signUp();
    await eventually(() => fake.customers.length === 1);
    expect(firing(await scrape(url))).toEqual([]);
  });

  it('fire for dead letters', async () => {
    fake.misbehave({ type: 'status', status: 503 }, { on: 'POST /customers', times: 1 });
    await start({ delivery: { maxAgeDays: 0 } });
    await signUp();
    await eventually(async () => firing(await scrape(url)).join() === 'PartneroDeadLetters');
  });

  it('fire for a rejected key', async () => {
    fake.misbehave({ type: 'status', status: 401 });
    await start();
    await signUp();
    await eventually(async () => firing(await scrape(url)).join() === 'PartneroNeedsAction');
  });

  it('fire for a job that has been pending for over an hour', async () => {
    await start({ delivery: { concurrency: 0 } });
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now - 3_700_000);
    await signUp();
    clock.mockRestore();
    expect(firing(await scrape(url))).toEqual(['PartneroJobsPendingForLong']);
  });
});
