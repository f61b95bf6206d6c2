import type { ExecutionContext } from '@nestjs/common';

/** The request behind a call, in whatever a framework wraps it; `undefined` where there is none. */
export function requestOf(context: ExecutionContext): object | undefined {
  switch (context.getType<string>()) {
    case 'http':
      return asObject(context.getArgByIndex<unknown>(0));
    case 'graphql':
      return graphqlRequest(context.getArgByIndex<unknown>(2));
    default:
      return undefined;
  }
}

/** `Controller.method`, for logs and outcomes. */
export function routeNameOf(context: ExecutionContext): string {
  return `${context.getClass().name}.${context.getHandler().name}`;
}

/** The response of an HTTP call. */
export function responseOf(context: ExecutionContext): unknown {
  return context.getType() === 'http' ? context.getArgByIndex<unknown>(1) : undefined;
}

/** What headers can be written to, where there is such a thing; of a GraphQL call, too. */
export function replyOf(context: ExecutionContext): unknown {
  if (context.getType<string>() !== 'graphql') return responseOf(context);
  const { res, response, reply } = (asObject(context.getArgByIndex<unknown>(2)) ?? {}) as Record<
    'res' | 'response' | 'reply',
    unknown
  >;
  // Express refers from its request to its response.
  const { res: own } = (requestOf(context) ?? {}) as { res?: unknown };
  return asObject(res) ?? asObject(response) ?? asObject(reply) ?? own;
}

/**
 * Identifies one call of a handler: the request for HTTP; for GraphQL, where one request runs several
 * resolvers, what the engine tells of the field.
 */
export function callOf(context: ExecutionContext): object | undefined {
  return context.getType<string>() === 'graphql'
    ? asObject(context.getArgByIndex<unknown>(3))
    : requestOf(context);
}

/** Apollo has `req`, others `request`, Mercurius `reply.request`. */
function graphqlRequest(context: unknown): object | undefined {
  const { req, request, reply } = (asObject(context) ?? {}) as {
    req?: unknown;
    request?: unknown;
    reply?: { request?: unknown };
  };
  return asObject(req) ?? asObject(request) ?? asObject(reply?.request);
}

function asObject(value: unknown): object | undefined {
  return typeof value === 'object' && value !== null ? value : undefined;
}
