import { DEFAULT_PROGRAM } from '../program/program.tokens.js';
import type { PartneroEventOf, PartneroEventSelector } from './event.model.js';

/** Options of `@OnPartneroEvent()`. */
export interface OnPartneroEventOptions {
  /** The program, if the app has several: the `name` given to `PartneroModule.forRoot()`. */
  readonly name?: string | undefined;
  /**
   * The handler's name in the inbox, under which events are queued for it. Set it before you rename the
   * class or the method. At most 255 characters. Default `Class.method`.
   */
  readonly id?: string | undefined;
}

/** The metadata of one `@OnPartneroEvent()` on a method. */
export interface OnPartneroEventMetadata {
  readonly selectors: readonly string[];
  readonly program: string;
  readonly id: string | undefined;
}

export const ON_PARTNERO_EVENT = 'nestjs-partnero:on-event';

type HandlerDecorator<Selector extends string> = <
  Handler extends (event: PartneroEventOf<Selector>, signal: AbortSignal) => unknown,
>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Handler>,
) => void;

/**
 * Calls a method of a provider with each event of that name that `webhooks.dispatch()` receives. Events
 * are saved first: a handler that throws, whose promise rejects, or whose process dies, gets the event
 * again. So make the handler idempotent, by `event.id`.
 *
 * A handler that takes longer than `webhooks.handlerTimeoutMs` has failed too; the second argument, an
 * `AbortSignal`, is aborted then. Handlers run in the async context of the app's start.
 *
 * @param selector a name, several, `'unknown'` for those that this version doesn't know, or `'*'`
 * @example
 * \@OnPartneroEvent('partner.created')
 * async sync(event: PartneroEventOf<'partner.created'>, signal: AbortSignal) {
 *   await fetch(this.crm, { method: 'POST', body: JSON.stringify(event.data), signal })
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
    const others: unknown = Reflect.getOwnMetadata(ON_PARTNERO_EVENT, handler);
    const all = Array.isArray(others) ? [...others, metadata] : [metadata];
    Reflect.defineMetadata(ON_PARTNERO_EVENT, all, handler);
  };
}
