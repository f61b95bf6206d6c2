import { JobStore } from '#lib/bullmq/job-store.js';

type Deps = ConstructorParameters<typeof JobStore>;

/** A queue with one job, which is in these states one after the other. The last one stays. */
function storeWith(states: string[]) {
  const removed: string[] = [];
  const job = { id: 'j1', name: 'attribution', data: { id: 'j1', orderingKey: 'u1' } };
  const queue = {
    getJob: async () => job,
    getJobState: async () => (states.length > 1 ? states.shift() : states[0]),
    remove: async (id: string) => removed.push(id),
  };
  const records = { program: 'default', end: async () => true };
  const store = new JobStore({ queue } as unknown as Deps[0], records as unknown as Deps[1]);
  return { store, removed };
}

it.each([
  ['waits', ['delayed']],
  [
    'was looked at by a worker, and waits again by the time of the second look',
    ['active', 'delayed'],
  ],
  ['is looked at by a worker for a while', ['active', 'active', 'active', 'delayed']],
])('a job that %s is discarded', async (_, states) => {
  const { store, removed } = storeWith(states);
  await store.discardWaiting('j1');
  expect(removed).toEqual(['j1']);
});

it.each([
  ['has completed', ['active', 'completed']],
  ['is being sent', ['active']],
])('a job that %s is left alone', async (_, states) => {
  const { store, removed } = storeWith(states);
  await store.discardWaiting('j1');
  expect(removed).toEqual([]);
});
