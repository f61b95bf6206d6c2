import { parseArgs } from 'node:util';
import { errorMessage } from '../common/error-message.js';
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
    // Behind the first sentence, Node.js explains what nobody meant.
    const [what = 'Invalid arguments'] = errorMessage(error).split('. ');
    throw new UsageError(`${what.replace(/\.$/, '')}.`);
  }
}
