import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { env } from 'node:process';

/** A process of the bench's own, that answers one message at a time. */
export class Child<Hello> {
  private constructor(
    private readonly process: ChildProcess,
    readonly hello: Hello,
  ) {}

  static async start<Hello>(
    script: string,
    task?: unknown,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Child<Hello>> {
    const process = fork(script, task === undefined ? [] : [JSON.stringify(task)], {
      env: { ...env, ...environment },
    });
    const [hello] = (await once(process, 'message')) as [Hello];
    return new Child(process, hello);
  }

  async ask<Reply>(message: unknown): Promise<Reply> {
    const replied = once(this.process, 'message');
    this.process.send(message as object);
    const [reply] = (await replied) as [Reply];
    return reply;
  }

  async end(): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}
