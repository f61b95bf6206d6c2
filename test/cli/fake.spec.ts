import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { PartneroModule, PartneroService, sqliteOutbox } from 'nestjs-partnero';
import { closeApps, startApp } from '../support/app.js';
import { commandLine } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let command: ChildProcess;
let output: string;

function start(...args: string[]): void {
  output = '';
  const main = resolve('dist/esm/cli/main.js');
  command = spawn(process.execPath, [main, 'fake', ...args]);
  command.stdout!.on('data', (chunk) => (output += String(chunk)));
  command.stderr!.on('data', (chunk) => (output += String(chunk)));
}

/** A line of the `.env` that the command prints. */
const variable = (name: string) =>
  eventually(() => new RegExp(`^${name}=(.+)$`, 'm').exec(output)?.[1]);

afterEach(async () => {
  await closeApps();
  command?.kill('SIGKILL');
});

afterAll(removeTemporaryFolders);

it('An app with the printed environment attributes a sign-up and records a sale, and both are shown', async () => {
  start('--port', '0', '--partner', 'ann', '--partner', 'bob');
  const baseUrl = await variable('PARTNERO_BASE_URL');
  const apiKey = await variable('PARTNERO_API_KEY');
  const outbox = sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` });
  const { app } = await startApp({
    imports: [PartneroModule.forRoot({ baseUrl, apiKey, outbox })],
  });
  const partnero = app.get(PartneroService);
  await partnero.attribute({ key: 'bob' }, { id: 'user-1' });
  await eventually(() => /POST \/customers {2}201 {2}user-1 of partner bob$/m.test(output));
  await partnero.transactions.record({
    key: 'inv-1',
    customer: { key: 'user-1' },
    amount: { amount: '49.00', currency: 'USD' },
  });
  await eventually(() => /POST \/transactions {2}200 {2}inv-1 of customer user-1/.test(output));
  command.kill('SIGINT');
  expect(await once(command, 'exit')).toEqual([0, null]);
});

it('A wrong API key is said, and control characters are not printed', async () => {
  start('--port', '0');
  const baseUrl = await variable('PARTNERO_BASE_URL');
  await fetch(`${baseUrl}/customers`, { method: 'POST', headers: { authorization: 'Bearer x' } });
  await eventually(() => output.includes('401  wrong API key: set PARTNERO_API_KEY=fake-api-key'));
  await fetch(`${baseUrl}/customers`, {
    method: 'POST',
    headers: { authorization: 'Bearer fake-api-key', 'content-type': 'application/json' },
    body: JSON.stringify({ key: 'a\u001b[31m\nforged', partner: { key: 'ann' } }),
  });
  await eventually(() => output.includes('forged of partner ann'));
  expect(output).not.toContain('\u001b');
  expect(output).not.toContain('\nforged');
});

it('A port that is in use, or is none, is refused with the option to change', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const busy = await commandLine('fake', '--port', String(port));
  other.close();
  expect(busy).toMatchObject({ code: 2, out: '' });
  expect(busy.err).toContain(`Port ${port} is in use. Give another one with --port.`);
  const odd = await commandLine('fake', '--port', 'http');
  expect(odd.err).toContain('--port must be a number from 0 to 65535.');
});
