import type { OutboxLog } from '../outbox-engine.js';
import type { FileEvent } from './worker-messages.js';

/** Logs what the owner of the app should know about the outbox file. */
export function logFileEvent(event: FileEvent, path: string, log: OutboxLog): void {
  switch (event.type) {
    case 'volatile':
      return log.warn(
        `The outbox ${path} is on ${event.filesystem}: it vanishes with the container, and queued ` +
          'attributions with it. Mount a volume there, or set PARTNERO_OUTBOX_PATH to one.',
      );
    case 'shared_filesystem':
      return log.warn(
        `The outbox ${path} is on a network file system. SQLite can't be relied on there, since its ` +
          'locks may not work. Use a local disk, or postgresOutbox() or bullmqOutbox().',
      );
    case 'readable_by_others':
      return log.warn(
        `The outbox file ${event.file} can be read by other users of this machine, and holds personal ` +
          'data. This process may not change that: run chmod 600 on it as its owner.',
      );
    case 'set_aside':
      return log.error(
        `The outbox ${path} was damaged. It was moved to ${event.as}, and a new one was made. ` +
          `${event.saved} unfinished jobs could be read from it and go on. Check the disk, and delete the ` +
          'old file when you no longer need it: it holds personal data.',
      );
    case 'replaced':
      return log.error(
        `The outbox file ${path} was deleted or replaced while the app ran. ${event.saved} unfinished ` +
          'jobs were copied into the file that is there now. Find out what did this: jobs that are saved in ' +
          'the first two seconds afterwards are lost if the app is killed in that time.' +
          (event.log === null
            ? ''
            : ` The old log, ${event.log}-wal, could not be read: it may hold jobs.`),
      );
    case 'log_replaced':
      return log.error(
        `The write-ahead log of the outbox, ${path}-wal, was deleted or replaced while the app ran, though ` +
          `it is part of the outbox. The outbox was moved to ${event.as}, and a new one is made. Delete the ` +
          'old file when you no longer need it: it holds the history, and personal data.',
      );
    case 'orphan_log':
      return log.error(
        `The write-ahead log of an outbox was found at ${path}-wal without its file. It was moved to ` +
          `${event.as}-wal, and a new outbox was made. Find out who deleted or moved ${path}. Delete ` +
          'the log when you no longer need it: it may hold personal data.',
      );
  }
}
