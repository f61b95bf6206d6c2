import { PartneroConfigurationError } from './partnero.configuration-error.js';

const NEEDED = [22, 13] as const;

/** @throws PartneroConfigurationError if Node.js is too old; otherwise it would fail only once there is a key */
export function checkNodeVersion(version = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [neededMajor, neededMinor] = NEEDED;
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return;
  throw new PartneroConfigurationError(
    `nestjs-partnero needs Node.js ${NEEDED.join('.')} or newer; this is ${version}. Update Node.js.`,
  );
}
