// Published as nestjs-partnero/sqlite-worker, for apps that are bundled into few files.
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { FileWriter } from './file-writer.js';
import { toFailure } from './sqlite-error.js';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.js';

function startWriter({ settings, owner }: WorkerStart, port: MessagePort): void {
  const post = (message: FromWorker) => port.postMessage(message);
  // One after the other: a batch must not begin inside the transaction of another.
  let last: Promise<unknown> = Promise.resolve();
  const enqueue = (work: () => Promise<unknown>): void => {
    last = last.then(work);
  };
  const writer = new FileWriter(
    settings,
    owner,
    (event) => post({ type: 'event', event }),
    enqueue,
  );

  const handle = (message: ToWorker): Promise<unknown> => {
    switch (message.type) {
      case 'open':
        return writer.open();
      case 'run':
        return writer.run(message.operations, message.now);
      case 'close':
        return writer.close();
    }
  };

  port.on('message', (message: ToWorker) => {
    const { n } = message;
    enqueue(async () => {
      try {
        post({ type: 'reply', n, ok: true, value: await handle(message) });
      } catch (error) {
        post({ type: 'reply', n, ok: false, failure: toFailure(error) });
      }
      if (message.type === 'close') port.close();
    });
  });
}

if (parentPort) startWriter(workerData as WorkerStart, parentPort);
