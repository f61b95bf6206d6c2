import { OPEN_GATE } from '#lib/outbox/gate.js';
import { changeGate, seenGate } from '#lib/outbox/fleet/shared-gate.js';

describe('the gate of a program', () => {
  const change = ({ state }: { state: typeof OPEN_GATE }) => ({
    state: { ...state, failures: state.failures + 1 },
  });

  it('is changed once more if somebody else has changed it meanwhile', async () => {
    const others = [JSON.stringify({ ...OPEN_GATE, failures: 7 })];
    const changed = await changeGate(seenGate('', 1), change, () => {
      const text = others.pop();
      return Promise.resolve(text === undefined ? null : seenGate(text, 2));
    });
    expect(changed.state.failures).toBe(8);
  });

  it('is not changed for ever where the program is not known yet', async () => {
    const changed = await changeGate(seenGate('', 1), change, () =>
      Promise.resolve(seenGate('', 2)),
    );
    expect(changed.state.failures).toBe(1);
  });
});
