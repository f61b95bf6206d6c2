import { checkNodeVersion } from '#lib/common/node-version.check.js';

it.each(['20.20.2', '22.12.0', '18.0.0'])('Node.js %s fails the boot', (version) => {
  expect(() => checkNodeVersion(version)).toThrow(
    `nestjs-partnero needs Node.js 22.13 or newer; this is ${version}.`,
  );
});

it.each(['22.13.0', '22.20.1', '24.0.0', '26.1.0-nightly'])(
  'Node.js %s is new enough',
  (version) => {
    expect(() => checkNodeVersion(version)).not.toThrow();
  },
);
