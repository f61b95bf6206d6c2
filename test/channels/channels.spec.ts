import { inlineOutbox, sqliteOutbox } from 'nestjs-partnero';
import { describeChannels } from '../support/channels.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

afterAll(removeTemporaryFolders);

describe('with sqliteOutbox()', () => {
  describeChannels(() => sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` }));
});

describe('with inlineOutbox()', () => {
  describeChannels(() => inlineOutbox(), { isDurable: false });
});
