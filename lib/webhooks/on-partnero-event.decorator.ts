import { DEFAULT_PROGRAM } from '../program.tokens.js';
import type { PartneroEventOf, PartneroEventSelector } from './event.model.js';

/** Options of `@OnPartneroEvent()`. */
export interface OnPartneroEventOptions {
  /** The program, if the app has several: the `name` given to `PartneroModule.forRoot()`. */
  readonly name?: string | undefined;
  /**
   * What the handler is called in the inbox: events that wait for it are kept under that name. Give one
   * before you rename class or method. Default `Class.method`.
   */
  readonly id?: string | undefined;
}

/** What `@OnPartneroEvent()` writes on a method; one each time it stands there. */
export interface OnPartneroEventMetadata {
  readonly selectors: readonly string[];
  readonly program: string;
  readonly id: string | undefined;
}

export const ON_PARTNERO_EVENT = 'nestjs-partnero:on-event';

type HandlerDecorator<Selector extends string> = <
  Handler extends (event: PartneroEventOf<Selector>) => unknown,
>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Handler>,
) => void;

/**
 * Has a method of a provider called with each event of that name, once `webhooks.dispatch()` got it.
 * An event is kept before it is handled: a handler that throws, or whose promise rejects, gets it again
 * later, and so it does if the process dies in the midst. So make it bear a repetition; `event.id`
 * tells one.
 *
 * @param selector a name, several, `'unknown'` for those that this version doesn't know, or `'*'`
 * @example
 * \@OnPartneroEvent('transaction.created')
 * async add(event: PartneroEventOf<'transaction.created'>) {
 *   await this.commissions.add(event.data.key, event.data.rewards)
 * }
 */
export function OnPartneroEvent<const Selector extends PartneroEventSelector>(
  selector: Selector | readonly Selector[],
  options: OnPartneroEventOptions = {},
): HandlerDecorator<Selector> {
  const { name: program = DEFAULT_PROGRAM, id } = options;
  const selectors = typeof selector === 'string' ? [selector] : [...selector];
  const metadata: OnPartneroEventMetadata = { selectors, program, id };
  return (_target, _method, { value: handler }) => {
    if (!handler) return;
    const others = (Reflect.getOwnMetadata(ON_PARTNERO_EVENT, handler) ??
      []) as OnPartneroEventMetadata[];
    Reflect.defineMetadata(ON_PARTNERO_EVENT, [...others, metadata], handler);
  };
}
