// Published as nestjs-partnero/sqlite-worker, for apps that are bundled into few files.
import { parentPort, workerData } from 'node:worker_threads';
import { CheckpointLoop } from './checkpoint-loop.js';
import { FileWriter } from './file-writer.js';
import { toFailure } from './sqlite-error.js';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.js';

type WriterStart = Extract<WorkerStart, { role: 'writer' }>;

function startWriter({ settings, owner }: WriterStart, post: (message: FromWorker) => void): void {
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

  parentPort?.on('message', (message: ToWorker) => {
    const { n } = message;
    enqueue(async () => {
      try {
        post({ type: 'reply', n, ok: true, value: await handle(message) });
      } catch (error) {
        post({ type: 'reply', n, ok: false, failure: toFailure(error) });
      }
      if (message.type === 'close') parentPort?.close();
    });
  });
}

const start = workerData as WorkerStart;
if (start.role === 'writer') startWriter(start, (message) => parentPort?.postMessage(message));
else if (parentPort) CheckpointLoop.start(start, parentPort);
