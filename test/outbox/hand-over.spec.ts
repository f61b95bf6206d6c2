import { inspect } from 'node:util';
import { HandOver } from '#lib/outbox/hand-over.js';

const job = (lane: string) => ({
  kind: 'attribution',
  lane,
  referralKey: 'ann',
  payload: '{"fields":{"name":"Lovelace"}}',
  acceptedAt: 0,
});

function released(count: number, hasTaker = true, head = true): HandOver {
  const handOver = new HandOver();
  for (let i = 0; i < count; i += 1) {
    handOver.hold(`${i}`, job(`user-${i}`), head);
    handOver.release(`${i}`, hasTaker);
  }
  return handOver;
}

describe('what is handed over in memory', () => {
  it('is a thousand jobs at most; the rest goes back to the file', () => {
    const handOver = released(1_500);
    expect([handOver.readyCount, handOver.surplusCount]).toEqual([1_000, 500]);
    expect(handOver.takeSurplus().heads).toHaveLength(500);
    expect(handOver.surplusCount).toBe(0);
  });

  it('is nothing where nobody takes it, or where another of the lane comes first', () => {
    expect(released(3, false).takeSurplus()).toEqual({ heads: ['0', '1', '2'], others: [] });
    expect(released(3, true, false).takeSurplus()).toEqual({ heads: [], others: ['0', '1', '2'] });
  });

  it('goes back all together at the end, held or released', () => {
    const handOver = released(2);
    handOver.hold('held', job('user'), true);
    expect(handOver.takeAll()).toEqual({ heads: [], others: ['held', '0', '1'] });
    expect([handOver.readyCount, handOver.surplusCount]).toEqual([0, 0]);
  });

  it('can be given up for one customer', () => {
    const handOver = released(3);
    handOver.giveUp('user-1');
    expect(handOver.takeSurplus().heads).toEqual(['1']);
    expect(handOver.take(10).map(({ lane }) => lane)).toEqual(['user-0', 'user-2']);
  });

  it('is not shown to whoever prints it', () => {
    expect(inspect(released(1_500), { depth: 9, showHidden: true })).not.toContain('Lovelace');
  });
});
