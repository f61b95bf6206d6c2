import type { Linked } from './redis-link.js';
import { SOURCES, type ScriptName } from './scripts/index.js';

type Client = Linked['client'];
type Transaction = ReturnType<Client['multi']>;
type Argument = string | number | null | undefined;

/** Our own keys in Redis, beside those of BullMQ's queue, and the scripts that alone change them. */
export class Books {
  constructor(
    readonly root: string,
    private readonly queueRoot: string,
  ) {}

  prepare(client: Client): void {
    for (const { name, lua } of SOURCES) {
      client.defineCommand(commandOf(name), { numberOfKeys: 2, lua });
    }
  }

  /** `null` if this program was never here. */
  salt(client: Client): Promise<string | null> {
    return client.hget(`${this.root}program`, 'salt');
  }

  run(client: Client, name: ScriptName, ...args: readonly Argument[]): Promise<unknown> {
    return client.runCommand(commandOf(name), this.argumentsOf(args)) as Promise<unknown>;
  }

  /** As part of a transaction. */
  add(transaction: Transaction, name: ScriptName, ...args: readonly Argument[]): void {
    transaction.runCommand(commandOf(name), this.argumentsOf(args));
  }

  private argumentsOf(args: readonly Argument[]): (string | number)[] {
    return [this.root, this.queueRoot, ...args.map((each) => each ?? '')];
  }
}

/** What each command of a transaction returned. Rejects if one of them failed. */
export async function execute(transaction: Transaction): Promise<unknown[]> {
  const results = (await transaction.exec()) ?? [];
  return results.map(([error, result]) => {
    if (error) throw error;
    return result as unknown;
  });
}

function commandOf(name: ScriptName): string {
  return `partnero:${name}`;
}
