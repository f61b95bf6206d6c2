import { execFileSync } from 'node:child_process';
import { Sales } from '../support/sales.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let sales: Sales;

beforeEach(async () => {
  sales = await Sales.start();
});

afterEach(() => sales.end());

afterAll(removeTemporaryFolders);

const erasures = () => sales.settled('erasure');
const find = (customerKey: string) => sales.partnero.outbox.find({ customerKey });

describe('customers.erase()', () => {
  it('deletes the customer at Partnero, and all that is kept here; the numbers stay', async () => {
    await sales.partnero.attribute({ key: 'ann' }, { id: 'ada', name: 'Lovelace' });
    await sales.settled('attribution');
    await sales.partnero.attribute({ key: 'ann' }, { id: 'bob' });
    const kept = await sales.partnero.customers.erase('ada');
    expect(kept).toEqual({ jobId: expect.any(String), outcome: 'queued' });
    expect(await erasures()).toEqual(['erased']);
    expect(sales.fake.customers.map(({ key }) => key)).toEqual(['user-42', 'bob']);
    expect(await find('ada')).toEqual([]);
    expect(await find('bob')).toHaveLength(1);
    expect(await sales.partnero.outbox.stats()).toMatchObject({
      jobs: {
        attribution: { queued: 2, outcomes: { attributed: 2 } },
        erasure: { queued: 1, pending: 0, outcomes: { erased: 1 } },
      },
    });
  });

  it('leaves no trace of the customer in the file', async () => {
    await sales.partnero.attribute({ key: 'ann' }, { id: 'ada-lovelace' });
    await sales.partnero.transactions.record({
      key: 'inv-1',
      customer: { key: 'ada-lovelace' },
      amount: { amount: '49.00', currency: 'USD' },
    });
    await sales.settled();
    await sales.partnero.customers.erase('ada-lovelace');
    await erasures();
    const { location } = await sales.partnero.outbox.stats();
    const bytes = () => execFileSync('sh', ['-c', 'cat "$0"*', location], { encoding: 'latin1' });
    await eventually(() => !bytes().includes('ada-lovelace'));
  });

  it('is never dropped by forgetting the customer here', async () => {
    await sales.partnero.attribute({ key: 'ann' }, { id: 'ada' });
    await sales.settled('attribution');
    await sales.fake.down();
    await sales.partnero.customers.erase('ada');
    expect(await sales.partnero.outbox.forget({ customerKey: 'ada' })).toEqual({
      forgotten: 1,
      inFlight: 1,
    });
    await sales.fake.up();
    expect(await erasures()).toEqual(['erased']);
    expect(await find('ada')).toEqual([]);
  });

  it('is never dropped by forgetting the customer at the same moment', async () => {
    await sales.fake.down();
    const { customers, outbox } = sales.partnero;
    await Promise.all([customers.erase('user-42'), outbox.forget({ customerKey: 'user-42' })]);
    await sales.fake.up();
    expect(await erasures()).toEqual(['erased']);
    expect(sales.fake.customers).toEqual([]);
  });

  it('discards what is pending for the customer, unsent', async () => {
    await sales.end();
    const slow = { initialBackoffMs: 3_600_000, maxBackoffMs: 3_600_000 };
    sales = await Sales.start({}, { delivery: slow });
    await sales.partnero.attribute({ key: 'ann' }, { id: 'bob' });
    await sales.settled('attribution');
    sales.fake.misbehave({ type: 'status', status: 503 }, { on: 'POST /customers', times: 1 });
    await sales.partnero.attribute({ key: 'ann' }, { id: 'ada' });
    await eventually(async () => (await find('ada'))[0]!.attempts === 1);
    await sales.partnero.customers.erase('ada');
    expect(await erasures()).toEqual(['not_found']);
    expect(await sales.partnero.outbox.stats()).toMatchObject({
      jobs: { attribution: { outcomes: { attributed: 1, discarded: 1 } } },
    });
    expect(sales.fake.customers.map(({ key }) => key)).toEqual(['user-42', 'bob']);
  });

  it('comes behind what is being sent for the customer', async () => {
    sales.fake.misbehave({ type: 'slow', ms: 80 }, { on: 'POST /customers', times: 1 });
    await sales.partnero.attribute({ key: 'ann' }, { id: 'ada' });
    await eventually(() => sales.fake.requestsTo('POST /customers').length === 1);
    await sales.partnero.customers.erase('ada');
    expect((await sales.partnero.customers.erase('ada')).outcome).toBe('duplicate');
    expect((await erasures()).toSorted()).toEqual(['duplicate', 'erased']);
    expect(sales.outcomes.map(({ outcome }) => outcome)).toContain('attributed');
    expect(sales.fake.customers.map(({ key }) => key)).toEqual(['user-42']);
  });

  it('of a key that is somebody else’s e-mail address leaves that customer alone', async () => {
    sales.fake.addCustomer({ key: 'bob', email: 'bob@example.com', partner: null });
    await sales.partnero.customers.erase('bob@example.com');
    expect(await erasures()).toEqual(['not_found']);
    expect(sales.fake.customers.map(({ key }) => key)).toEqual(['user-42', 'bob']);
  });

  it('of a key under which Partnero finds somebody by another id leaves that customer alone', async () => {
    const bob = sales.fake.addCustomer({ key: 'bob', partner: null });
    await sales.partnero.customers.erase(bob.id);
    expect(await erasures()).toEqual(['not_found']);
    expect(sales.fake.customers.map(({ key }) => key)).toEqual(['user-42', 'bob']);
  });

  it('of a key that looks like an e-mail address erases the customer with that key', async () => {
    sales.fake.addCustomer({ key: 'eve@example.com', partner: null });
    await sales.partnero.customers.erase('eve@example.com');
    expect(await erasures()).toEqual(['erased']);
    expect(sales.fake.customers.map(({ key }) => key)).toEqual(['user-42']);
  });

  it('leaves what came after it', async () => {
    await sales.fake.down();
    await sales.partnero.customers.erase('user-42');
    await sales.partnero.transactions.refund('inv-0');
    await sales.partnero.attribute({ key: 'ann' }, { id: 'user-42' });
    await sales.fake.up();
    expect(await erasures()).toEqual(['erased']);
    expect(await find('user-42')).toMatchObject([{ outcome: 'attributed' }]);
  });

  it('of somebody whom Partnero does not know forgets them here', async () => {
    await sales.partnero.attribute({ key: 'nobody' }, { id: 'ada' });
    await sales.settled('attribution');
    await sales.partnero.customers.erase('ada');
    expect(await erasures()).toEqual(['not_found']);
    expect(await find('ada')).toEqual([]);
  });

  it('of nobody is not found, though its first attempt never left', async () => {
    await sales.fake.down();
    await sales.partnero.customers.erase('nobody');
    await eventually(async () => (await find('nobody'))[0]!.attempts > 0);
    await sales.fake.up();
    expect(await erasures()).toEqual(['not_found']);
  });

  it('whose answer is lost has erased', async () => {
    sales.fake.misbehave({ type: 'reset_after' }, { on: 'DELETE /customers/user-42', times: 1 });
    await sales.partnero.customers.erase('user-42');
    expect(await erasures()).toEqual(['erased']);
  });

  it('may be asked for again later', async () => {
    await sales.partnero.customers.erase('user-42');
    await erasures();
    expect((await sales.partnero.customers.erase('user-42')).outcome).toBe('queued');
    expect(await erasures()).toEqual(['erased', 'not_found']);
  });

  it('that Partnero refuses is an error line, and forgets nothing', async () => {
    sales.fake.misbehave({ type: 'status', status: 422 }, { on: 'DELETE /customers/user-42' });
    await sales.partnero.customers.erase('user-42');
    expect(await erasures()).toEqual(['rejected']);
    expect(sales.running.logger.ours('error')).toEqual([expect.stringContaining('by hand')]);
    expect(await find('user-42')).toMatchObject([{ jobName: 'erasure', outcome: 'rejected' }]);
  });

  it.each([undefined, '', 1.5])('refuses %p', async (key) => {
    await expect(sales.partnero.customers.erase(key as string)).rejects.toMatchObject({
      kind: 'invalid_input',
    });
  });
});
