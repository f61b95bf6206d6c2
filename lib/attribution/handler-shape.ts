import type { ExecutionContext } from '@nestjs/common';

// Nest's own metadata keys; not exported in every version that we support, the same in all of them.
const ROUTE_ARGS = '__routeArguments__';
const RESPONSE_PASSTHROUGH = '__responsePassthrough__';
const SSE = '__sse__';
const RESPONSE_PARAM = 1;
const NEXT_PARAM = 2;

/** How a handler answers. */
export type HandlerShape = 'returns' | 'writes_response' | 'streams_events';

/** `writes_response`: with `@Res()` or `@Next()`, Nest ignores what the handler returns. */
export function shapeOf(context: ExecutionContext): HandlerShape {
  const owner = context.getClass();
  const handler = context.getHandler();
  const method = methodNameOf(owner, handler);
  if (Reflect.getMetadata(SSE, handler)) return 'streams_events';
  if (Reflect.getMetadata(RESPONSE_PASSTHROUGH, owner, method)) return 'returns';
  const params: unknown = Reflect.getMetadata(ROUTE_ARGS, owner, method);
  const types = new Set(Object.keys(params ?? {}).map((key) => Number(key.split(':')[0])));
  return types.has(RESPONSE_PARAM) || types.has(NEXT_PARAM) ? 'writes_response' : 'returns';
}

/** Nest keeps what it knows of parameters under the method's name; a function that wraps it has another. */
function methodNameOf(owner: { prototype: unknown }, handler: { name: string }): string {
  for (let proto: unknown = owner.prototype; proto; proto = Object.getPrototypeOf(proto)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      if (value === handler) return name;
    }
  }
  return handler.name;
}
