import { OutboxFile } from '#lib/outbox/sqlite/outbox-file.js';

/** Makes an outbox file with so many pending jobs, as an app leaves it when Partnero is down for long. */
export function fill(path: string, jobs: number): void {
  const now = Date.now();
  const { file } = OutboxFile.open({ path, synchronous: 'normal' }, now);
  file.store.run([['enroll', 'default', { salt: '' }]]);
  for (let i = 0; i < jobs; i += 10_000) {
    file.store.transaction(() => {
      for (let n = i; n < Math.min(jobs, i + 10_000); n += 1) {
        const payload = JSON.stringify({ fields: { email: `user-${n}@example.com` } });
        file.store.jobs.insert('default', [
          'attribution',
          `user-${n}`,
          'ann',
          payload,
          now,
          undefined,
        ]);
        file.store.counters.count('default', 'attribution', 'accepted');
        file.store.counters.count('default', 'attribution', 'pending');
      }
    });
  }
  // Whoever closes the file lets go of what it held: from then on it is due.
  file.close(now);
}
