import {
  inlineOutbox,
  PartneroError,
  PartneroService,
  type PartneroModuleOptions,
  type PartneroProgram,
} from 'nestjs-partnero';
import { closeApps, partnero, startApp } from './app.js';
import {
  FullFakePartnero,
  type FullFakePartneroOptions,
} from './fake-partnero/full-fake-partnero.js';

/** A service on a fake of its own. */
export interface ApiUnderTest<TProgram extends PartneroProgram> {
  readonly fake: FullFakePartnero;
  readonly service: PartneroService<TProgram>;
}

const fakes: FullFakePartnero[] = [];

/** Starts both; nothing is repeated unless `options` say so. What is queued needs an outbox of its own. */
export async function startApi<TProgram extends PartneroProgram = 'affiliate'>(
  setup: Omit<FullFakePartneroOptions, 'program'> & { readonly program?: TProgram } = {},
  options: PartneroModuleOptions = {},
): Promise<ApiUnderTest<TProgram>> {
  const fake = await FullFakePartnero.start({ partners: ['ann', 'bob'], ...setup });
  fakes.push(fake);
  const { app } = await startApp({
    imports: [
      partnero(fake, { outbox: inlineOutbox(), program: setup.program, retries: 0, ...options }),
    ],
  });
  return { fake, service: app.get<PartneroService<TProgram>>(PartneroService) };
}

/** For `afterEach`. */
export async function stopApis(): Promise<void> {
  await closeApps();
  await Promise.all(fakes.splice(0).map((fake) => fake.stop()));
}

/** The error that a call rejects with. */
export async function failure(
  call: Promise<unknown> | (() => Promise<unknown>),
): Promise<PartneroError> {
  const error: unknown = await (typeof call === 'function' ? call() : call).then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PartneroError);
  return error as PartneroError;
}

/** All of a list. */
export async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
}
