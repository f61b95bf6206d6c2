#!/usr/bin/env node
import { isBuiltin } from 'node:module';

// node:sqlite calls itself experimental in some versions of Node.js; here that is only noise.
process.removeAllListeners('warning');

async function main(): Promise<number> {
  if (!isBuiltin('node:sqlite')) {
    console.error(`This needs Node.js 22.13 or newer; it is ${process.version}.`);
    return 1;
  }
  const { runCommand } = await import('./run-command.js');
  return runCommand(process.argv.slice(2), {
    out: (text) => console.log(text),
    err: (text) => console.error(text),
  });
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
