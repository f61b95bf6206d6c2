import type { OutboxLog } from '../outbox.js';
import type { OpenNote } from './protocol.js';

/** Says once, at boot, what the owner of this app should know about where the outbox is. */
export function describeNote(note: OpenNote, path: string, log: OutboxLog): void {
  switch (note.type) {
    case 'volatile':
      return log.warn(
        `The outbox ${path} is on ${note.filesystem}: it vanishes with the container, and accepted ` +
          'attributions with it. Mount a volume there, or set PARTNERO_OUTBOX_PATH to one.',
      );
    case 'shared_filesystem':
      return log.warn(
        `The outbox ${path} is on a network file system, whose locks can't be trusted: jobs of a ` +
          'process that died are taken over after a minute. Use it from one machine only.',
      );
    case 'old_sqlite':
      return log.log(
        `This Node.js brings SQLite ${note.version}; from 3.51.3 on a slow disk delays sign-ups ` +
          'less. Nothing is lost with the older one.',
      );
    case 'set_aside':
      return log.error(
        `The outbox ${path} was damaged. It was set aside as ${note.as}, and a new one begun. Of what ` +
          `was pending in it, ${note.saved} could be read and will be delivered. Find out what became ` +
          'of the disk.',
      );
  }
}
