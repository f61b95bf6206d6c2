import fc from 'fast-check';
import {
  initialState,
  nextState,
  type SignUpEffect,
  type SignUpEvent,
} from '#lib/attribution/sign-up-state.js';

const HANDLER: readonly SignUpEvent[] = ['handler_completed', 'handler_failed'];
const RESPONSE: readonly SignUpEvent[] = ['response_good', 'response_bad', 'response_closed'];

/** The effects of some events, in order; without those that have none. */
function effectsOf(events: readonly SignUpEvent[], hasResponse = true): SignUpEffect[] {
  let state = initialState(hasResponse);
  const effects: SignUpEffect[] = [];
  for (const event of events) {
    const next = nextState(state, event);
    state = next.state;
    if (next.effect) effects.push(next.effect);
  }
  return effects;
}

describe('a sign-up is', () => {
  it.each<[string, SignUpEffect, SignUpEvent[]]>([
    ['is good', 'release', ['response_good']],
    ['is 400 or more', 'discard', ['response_bad']],
    ['never finished, since the visitor hung up', 'release', ['response_closed']],
    ['is good, and its connection is closed', 'release', ['response_good', 'response_closed']],
    ['is bad, and its connection is closed', 'discard', ['response_bad', 'response_closed']],
  ])('decided once the handler completed and the response %s: %s', (_, effect, response) => {
    expect(effectsOf(['handler_completed', ...response])).toEqual([effect]);
  });

  it.each(RESPONSE)('discarded if the handler failed, whatever the response: %s', (response) => {
    expect(effectsOf(['handler_failed', response])).toEqual(['discard']);
  });

  it.each<[SignUpEffect[], SignUpEvent[]]>([
    [['discard'], ['handler_completed', 'skip_called', 'response_good']],
    [['release'], ['skip_called', 'attribute_called', 'handler_completed', 'response_good']],
    [['discard'], ['attribute_called', 'skip_called', 'handler_completed', 'response_good']],
  ])('what the handler chose last: %j after %j', (effects, events) => {
    expect(effectsOf(events)).toEqual(effects);
  });

  it('decided when the last job is saved', () => {
    const events: SignUpEvent[] = ['saving', 'saving', 'handler_completed', 'response_good'];
    expect(effectsOf([...events, 'saved'])).toEqual([]);
    expect(effectsOf([...events, 'saved', 'saved'])).toEqual(['release']);
  });

  it('decided by the handler alone where there is no response', () => {
    expect(effectsOf(['handler_completed'], false)).toEqual(['release']);
    expect(effectsOf(['handler_failed'], false)).toEqual(['discard']);
  });

  it.each<[SignUpEffect[], SignUpEvent[]]>([
    [
      ['start_hold', 'release'],
      ['response_good', 'hold_expired'],
    ],
    [
      ['start_hold', 'discard'],
      ['response_good', 'handler_failed', 'hold_expired'],
    ],
    [['release'], ['response_closed', 'handler_completed']],
    [['discard'], ['response_closed', 'handler_failed']],
    [['discard'], ['response_bad', 'hold_expired']],
  ])('held while the handler runs on: %j after %j', (effects, events) => {
    expect(effectsOf(events)).toEqual(effects);
  });
});

it('a sign-up is decided exactly once, and alike in any order of what ends', () => {
  const ends = fc.tuple(fc.constantFrom(...HANDLER), fc.constantFrom(...RESPONSE));
  const run = fc.tuple(ends, fc.nat({ max: 3 })).chain(([[handler, response], saving]) => {
    const events: SignUpEvent[] = [handler, response, ...Array<SignUpEvent>(saving).fill('saved')];
    const started = Array<SignUpEvent>(saving).fill('saving');
    return fc
      .shuffledSubarray(events, { minLength: events.length })
      .map((shuffled) => ({ handler, response, events: [...started, ...shuffled] }));
  });
  fc.assert(
    fc.property(run, ({ handler, response, events }) => {
      const decisions = effectsOf([...events, 'hold_expired', 'response_closed']).filter(
        (effect) => effect !== 'start_hold',
      );
      const happened = handler === 'handler_completed' && response !== 'response_bad';
      expect(decisions).toEqual([happened ? 'release' : 'discard']);
    }),
  );
});
