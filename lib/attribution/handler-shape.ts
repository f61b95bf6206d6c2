import type { ExecutionContext } from '@nestjs/common';

// Nest's own metadata keys; not exported in every version that we support, the same in all of them.
const ROUTE_ARGS = '__routeArguments__';
const RESPONSE_PASSTHROUGH = '__responsePassthrough__';
const SSE = '__sse__';
const RESPONSE_PARAM = 1;
const NEXT_PARAM = 2;

/** How a handler answers. */
export type HandlerShape = 'returns' | 'writes_response' | 'streams_events';

const shapes = new WeakMap<object, HandlerShape>();

/** `writes_response`: with `@Res()` or `@Next()`, Nest ignores what the handler returns. */
export function shapeOf(context: ExecutionContext): HandlerShape {
  const handler = context.getHandler();
  const known = shapes.get(handler);
  if (known) return known;
  const shape = findShape(context.getClass(), handler);
  shapes.set(handler, shape);
  return shape;
}

function findShape(owner: object, handler: { name: string }): HandlerShape {
  if (Reflect.getMetadata(SSE, handler)) return 'streams_events';
  if (Reflect.getMetadata(RESPONSE_PASSTHROUGH, owner, handler.name)) return 'returns';
  const params: unknown = Reflect.getMetadata(ROUTE_ARGS, owner, handler.name);
  const types = new Set(Object.keys(params ?? {}).map((key) => Number(key.split(':')[0])));
  return types.has(RESPONSE_PARAM) || types.has(NEXT_PARAM) ? 'writes_response' : 'returns';
}
