import type { Mutant } from '../mutant.js';

const FILE = ['test/outbox/sqlite-file.spec.ts'];
const ACCESS = ['test/outbox/sqlite-access.spec.ts'];
const REPLACED = ['test/outbox/sqlite-replaced.long.spec.ts'];
const DISK = ['test/durability/hostile-disk.long.spec.ts'];
const writer = 'outbox/sqlite/file-writer.ts';
const recovery = 'outbox/sqlite/file-recovery.ts';

/** The SQLite file: privacy, damage, full disks, and who else may use it. */
export const FILE_MUTANTS: readonly Mutant[] = [
  // Personal data.
  {
    rule: 'what is erased is overwritten',
    file: 'outbox/sqlite/outbox-file.ts',
    find: 'PRAGMA secure_delete = ON;\n        PRAGMA wal',
    replace: 'PRAGMA secure_delete = OFF;\n        PRAGMA wal',
    specs: FILE,
    only: 'truly forgets',
  },
  {
    rule: 'the log is emptied when it is idle',
    file: 'outbox/sqlite/write-ahead-log.ts',
    find: 'if (this.isBusy && !isDue) this.file.copyLog();',
    replace: 'if (!isDue) this.file.copyLog();',
    specs: FILE,
    only: 'truly forgets',
  },
  {
    rule: 'the log is emptied each minute, though it is never idle',
    file: 'outbox/sqlite/write-ahead-log.ts',
    find: 'if (this.isBusy && !isDue) this.file.copyLog();',
    replace: 'if (this.isBusy) this.file.copyLog();',
    specs: ['test/outbox/write-ahead-log.spec.ts'],
    only: 'never idle',
  },
  {
    rule: 'the log is synced',
    file: 'outbox/sqlite/write-ahead-log.ts',
    find: 'else this.syncTimer ??=',
    replace: 'else if (this.isClosed) this.syncTimer ??=',
    specs: ['test/outbox/write-ahead-log.spec.ts'],
    only: 'is synced',
  },
  {
    rule: 'the log is copied each second, so that it stays small',
    file: 'outbox/sqlite/write-ahead-log.ts',
    find: 'if (this.isBusy && !isDue) this.file.copyLog();',
    replace: 'if (this.isBusy && !isDue) this.isBusy = true;',
    specs: ['test/outbox/write-ahead-log.spec.ts'],
    only: 'in the file itself',
  },
  {
    rule: 'only the owner of the file may read it',
    file: 'outbox/sqlite/private-file.ts',
    find: 'chmodSync(file, 0o600);',
    replace: '',
    specs: ACCESS,
    only: 'is made private',
  },
  {
    rule: 'git ignores the folder',
    file: 'outbox/sqlite/private-file.ts',
    find: "if (makePrivateFolder(folder)) writeFileSync(join(folder, '.gitignore'), '*\\n');",
    replace: 'makePrivateFolder(folder);',
    specs: FILE,
    only: 'is private',
  },
  // A file that is deleted or replaced.
  {
    rule: 'a replaced file is noticed',
    file: writer,
    find: 'if (file.isInPlace()) return;',
    replace: 'if (file.path !== "") return;',
    specs: REPLACED,
  },
  {
    rule: 'what a replaced file holds is imported',
    file: 'outbox/sqlite/import-jobs.ts',
    find: 'const inserted = to.query(SQL.import, [JSON.stringify(jobs)]);',
    replace: 'const inserted = jobs.slice(jobs.length, to.path.length * 0);',
    specs: REPLACED,
    only: 'loses nothing',
  },
  {
    rule: 'what has completed since a copy was made is not sent again',
    file: 'outbox/sqlite/import-jobs.ts',
    find: 'if (completed.length > 0) await completeAll(to, completed, owner);',
    replace: '',
    specs: REPLACED,
    only: 'sends nothing again',
  },
  {
    rule: 'a replaced log is noticed',
    file: writer,
    find: 'if (file.isInPlace() && !file.isLogInPlace()) moveAside',
    replace: 'if (file.path === "") moveAside',
    specs: REPLACED,
    only: 'loses nothing',
  },
  // Damage.
  {
    rule: 'a file that is damaged while the app runs is moved aside',
    file: writer,
    find: 'if (!isCorrupt(error) || !(await this.recover(file))) throw error;',
    replace: 'throw error;',
    specs: DISK,
    only: 'while the app runs',
  },
  {
    rule: 'a file that is damaged at boot is moved aside',
    file: recovery,
    find: 'if (!isCorrupt(error)) throw error;\n    moveDamagedAside',
    replace: 'if (error) throw error;\n    moveDamagedAside',
    specs: FILE,
    only: 'aside, says so',
  },
  {
    rule: 'reading goes on behind damage',
    file: 'outbox/sqlite/import-jobs.ts',
    find: 'else for (let one = at;',
    replace: 'else return;\n    for (let one = at + RANGE;',
    specs: DISK,
    only: 'moved aside at boot',
  },
  {
    rule: 'imported jobs are counted',
    file: 'outbox/sqlite/import-jobs.ts',
    find: "counter.add(String(program), String(name), 'queued');",
    replace: '',
    specs: DISK,
    only: 'moved aside at boot',
  },
  {
    rule: 'a log without its file is moved aside',
    file: recovery,
    find: 'const orphan = moveSideFilesAside(path, () => !existsSync(path));',
    replace: 'const orphan = null as string | null;',
    specs: DISK,
    only: 'whose file is gone',
  },
  // Disks.
  {
    rule: 'jobs are saved beside those that can’t be',
    file: 'outbox/sql/batcher.ts',
    find: 'if (!first || first.ok || operations.length === 1 ||',
    replace: 'if (!first || first.ok || operations.length > 0 ||',
    specs: FILE,
    only: 'could not be written',
  },
  {
    rule: 'a full disk at boot is named, and fails no boot',
    file: 'outbox/sqlite/format.ts',
    find: '} finally {\n    rollBack(db);',
    replace: "} finally {\n    db.exec('ROLLBACK');",
    specs: DISK,
    only: 'with a file that was there, lets',
  },
  {
    rule: 'a file that never worked fails the boot',
    file: 'outbox/sqlite/sqlite-connection.ts',
    find: '(existed && isPassing(failure))',
    replace: 'isPassing(failure)',
    specs: DISK,
    only: 'with no file yet, fails each boot',
  },
  {
    rule: 'a file that may only be read fails the boot',
    file: 'outbox/sqlite/sqlite-connection.ts',
    find: 'if (!mayPass(reply)) {',
    replace: 'if (!reply.existed) {',
    specs: DISK,
    only: 'can only be read fails the boot, with a file',
  },
  // Others on the file.
  {
    rule: 'the file of a newer version is left alone',
    file: 'outbox/sqlite/format.ts',
    find: 'if (application === APPLICATION_ID && format > FORMAT) {',
    replace: 'if (application === APPLICATION_ID && format > FORMAT + 1_000) {',
    specs: FILE,
    only: 'newer version',
  },
  {
    rule: 'the database of another program is left alone',
    file: 'outbox/sqlite/format.ts',
    find: 'if (application === 0 && format === 0 && isEmpty) return false;',
    replace: 'if (application === 0 && format === 0) return false;',
    specs: FILE,
    only: 'another program',
  },
  {
    rule: 'our thread runs no preloads of the app’s',
    file: 'outbox/sqlite/start-worker.ts',
    find: "env: { ...process.env, NODE_OPTIONS: '' },",
    replace: '',
    specs: ACCESS,
    only: 'given in NODE_OPTIONS',
  },
];
