import { describeThrown, nameOfThrown } from '#lib/common/describe-thrown.js';

const errorWith = (field: string, descriptor: PropertyDescriptor): Error =>
  Object.defineProperty(new TypeError('ada@example.com'), field, descriptor);
const getter = {
  get(): string {
    throw new Error('no');
  },
};

it.each([
  ['a stack that is no string', errorWith('stack', { value: [{ frame: 1 }] })],
  ['a stack that throws', errorWith('stack', getter)],
  ['a message that throws', errorWith('message', getter)],
  ['a place that is no file', errorWith('stack', { value: 'E\n    at f (file://host/%00:1:2)' })],
  ['a name that throws', errorWith('name', getter)],
  [
    'a proxy that throws',
    new Proxy(new Error('x'), { get: getter.get, getPrototypeOf: getter.get as never }),
  ],
])('an error with %s is described all the same', (_, error) => {
  expect(describeThrown(error)).toMatch(/^threw \w+/);
  expect(describeThrown(error)).not.toContain('ada');
  expect(nameOfThrown(error)).toMatch(/^\w+$/);
});
