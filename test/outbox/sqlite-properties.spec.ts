import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { outboxProperties } from './properties/index.js';

afterAll(removeTemporaryFolders);

outboxProperties('sqlite-engine', () => ({ path: `${temporaryFolder()}/outbox.db` }));
