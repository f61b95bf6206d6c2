import { parseArgs } from 'node:util';
import { UsageError } from './usage.error.js';

/** Options of the command line. */
export type Values = ReturnType<typeof parse>['values'];

/** @throws UsageError */
export function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        file: { type: 'string' },
        program: { type: 'string' },
        url: { type: 'string' },
        schema: { type: 'string' },
        events: { type: 'string', multiple: true },
        data: { type: 'string' },
        name: { type: 'string' },
        secret: { type: 'string' },
        header: { type: 'string' },
        port: { type: 'string' },
        partner: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        all: { type: 'boolean' },
        customer: { type: 'string' },
        id: { type: 'string' },
        version: { type: 'boolean', short: 'v' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'Invalid arguments.');
  }
}
