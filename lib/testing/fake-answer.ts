import type { FakeApiVariants } from './fake-api-variants.js';

/** What a route of the fake answers. */
export interface FakeAnswer {
  readonly status: number;
  /** Absent: no body. */
  readonly body?: Record<string, unknown>;
}

export function success(
  apiVariants: FakeApiVariants,
  data: unknown,
  status = 200,
  extra: Record<string, unknown> = {},
): FakeAnswer {
  if (status === 204) return { status };
  return {
    status,
    body: {
      ...(data === undefined ? {} : { data }),
      ...extra,
      // An action without payload has nothing but its status.
      ...(apiVariants.statusField || data === undefined ? { status: 1 } : {}),
    },
  };
}

export function refusal(
  apiVariants: FakeApiVariants,
  status: number,
  message: string,
  errors: Record<string, string[]> = {},
): FakeAnswer {
  const { errorBody } = apiVariants;
  const named = Object.keys(errors).length > 0 && errorBody !== 'message';
  return {
    status,
    body: {
      status: 0,
      ...(errorBody !== 'errors' || !named ? { message } : {}),
      ...(named ? { errors } : {}),
    },
  };
}
