/** How far a sign-up has come. */
export interface SignUpState {
  readonly handler: 'running' | 'completed' | 'failed';
  /** `good` below 400, `bad` from 400 on, `closed` if it never finished. */
  readonly response: 'open' | 'good' | 'bad' | 'closed';
  /** How many jobs are being saved. */
  readonly saving: number;
  /** What the handler chose itself, by `attribute()` or `skip()`. */
  readonly choice: 'none' | 'attributed' | 'skipped';
  readonly decision: 'open' | 'release' | 'discard';
}

export type SignUpEvent =
  | 'attribute_called'
  | 'skip_called'
  | 'saving'
  | 'saved'
  | 'handler_completed'
  | 'handler_failed'
  | 'response_good'
  | 'response_bad'
  | 'response_closed'
  | 'hold_expired';

/** What is to be done now. `start_hold`: the handler has `holdMs` to end. */
export type SignUpEffect = 'release' | 'discard' | 'start_hold' | null;

/** @param hasResponse false where there is none (GraphQL): then the handler's end decides alone */
export function initialState(hasResponse: boolean): SignUpState {
  const response = hasResponse ? 'open' : 'good';
  return { handler: 'running', response, saving: 0, choice: 'none', decision: 'open' };
}

/**
 * Only sign-ups that happened are attributed. The decision is made once, when handler, saving and
 * response have all ended, in any order.
 */
export function nextState(
  state: SignUpState,
  event: SignUpEvent,
): { readonly state: SignUpState; readonly effect: SignUpEffect } {
  const after = apply(state, event);
  if (isOver(after) && state.decision === 'open') {
    const decision = hasHappened(after) ? 'release' : 'discard';
    return { state: { ...after, decision }, effect: decision };
  }
  const isWaiting = after.handler === 'running' && state.response !== after.response;
  // If the visitor hung up, only the handler's own end tells whether there is an account.
  const effect = isWaiting && after.response === 'good' ? 'start_hold' : null;
  return { state: after, effect };
}

function apply(state: SignUpState, event: SignUpEvent): SignUpState {
  switch (event) {
    case 'attribute_called':
      return { ...state, choice: 'attributed' };
    case 'skip_called':
      return { ...state, choice: 'skipped' };
    case 'saving':
      return { ...state, saving: state.saving + 1 };
    case 'saved':
      return { ...state, saving: state.saving - 1 };
    case 'handler_completed':
    case 'hold_expired':
      return state.handler === 'running' ? { ...state, handler: 'completed' } : state;
    case 'handler_failed':
      return state.handler === 'running' ? { ...state, handler: 'failed' } : state;
    case 'response_good':
      return ended(state, 'good');
    case 'response_bad':
      return ended(state, 'bad');
    case 'response_closed':
      return ended(state, 'closed');
  }
}

/** A response that has finished is closed afterwards. */
function ended(state: SignUpState, response: 'good' | 'bad' | 'closed'): SignUpState {
  return state.response === 'open' ? { ...state, response } : state;
}

function isOver({ handler, response, saving }: SignUpState): boolean {
  return handler !== 'running' && response !== 'open' && saving === 0;
}

/** If the visitor hung up, the account exists all the same. */
function hasHappened({ handler, response, choice }: SignUpState): boolean {
  return handler === 'completed' && response !== 'bad' && choice !== 'skipped';
}
