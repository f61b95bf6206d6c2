import { inlineOutbox, sqliteOutbox } from 'nestjs-partnero';
import { describeAsyncContext } from '../support/async-context.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

afterAll(removeTemporaryFolders);

describe('with sqliteOutbox()', () => {
  describeAsyncContext(() => sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` }));
});

describe('with inlineOutbox()', () => {
  describeAsyncContext(() => inlineOutbox());
});
