import { refusal, success, type FakeAnswer } from './fake-answer.js';
import type { FakeProgramType } from './fake-entities.js';
import { paginate } from './fake-pages.js';
import type { FakeApiVariants } from './fake-api-variants.js';
import type { FakeCall } from './fake-request.js';
import type { FakeStore } from './fake-store.js';
import { isFields, required, type Fields, type Problems } from './fake-values.js';

/** What the routes of the fake share. */
export interface FakeWorld {
  readonly type: FakeProgramType;
  readonly publicId: string;
  readonly store: FakeStore;
  readonly apiVariants: FakeApiVariants;
}

/** Some of the routes of the fake. */
export abstract class FakeResource {
  protected readonly store: FakeStore;
  protected readonly apiVariants: FakeApiVariants;
  protected readonly type: FakeProgramType;

  constructor(protected readonly world: FakeWorld) {
    this.store = world.store;
    this.apiVariants = world.apiVariants;
    this.type = world.type;
  }

  /** `undefined`: no such route here. */
  abstract handle(call: FakeCall): FakeAnswer | undefined;

  protected ok(data?: unknown, status = 200): FakeAnswer {
    return success(this.apiVariants, data, status);
  }

  protected created(data: unknown): FakeAnswer {
    return success(this.apiVariants, data, this.apiVariants.createStatus);
  }

  protected list<T>(rows: readonly T[], call: FakeCall, show: (row: T) => unknown): FakeAnswer {
    return paginate(rows, call.query, this.apiVariants, `/${call.segments.join('/')}`, show);
  }

  protected refused(status: number, message: string, errors: Problems = {}): FakeAnswer {
    return refusal(this.apiVariants, status, message, errors);
  }

  protected invalid(errors: Problems): FakeAnswer {
    return this.refused(422, 'The given data was invalid.', errors);
  }

  protected taken(field: string, status = 422): FakeAnswer {
    const message = `The ${field} has already been taken.`;
    return this.refused(status, message, { [field]: [message] });
  }

  protected notFound(what: string): FakeAnswer {
    return this.refused(404, `${what} not found.`);
  }

  protected notAllowed(): FakeAnswer {
    return this.refused(405, 'The method is not supported for this route.');
  }

  /** A partner who isn't known, where one had to be named. */
  protected unknown(who: string): FakeAnswer {
    const { unknownPartnerStatus: status } = this.apiVariants;
    const message = `The ${who} could not be found.`;
    return this.refused(status, message, status === 422 ? { [who]: [message] } : {});
  }

  /** The changes in the body of an update. */
  protected changesIn(
    body: Fields,
    form: 'wrapped' | 'flat' | 'either' = this.apiVariants.updateBody,
  ): Fields | FakeAnswer {
    const { update } = body;
    if (form === 'flat' || (form === 'either' && !isFields(update))) return body;
    return isFields(update) ? update : this.invalid({ update: required('update') });
  }

  /** Nothing official says that keys may only be so long. */
  protected checkLength(field: string, value: unknown, errors: Problems): void {
    const { maxKeyLength } = this.apiVariants;
    if (maxKeyLength === null || typeof value !== 'string' || value.length <= maxKeyLength) return;
    errors[field] = [`The ${field} may not be greater than ${maxKeyLength} characters.`];
  }

  /** Archives or restores; refused if it is so already. */
  protected setArchived(
    thing: { archived: boolean } | undefined,
    what: string,
    action: string | undefined,
  ): FakeAnswer | undefined {
    if (action !== 'archive' && action !== 'revoke-archive') return undefined;
    if (!thing) return this.notFound(what);
    const archived = action === 'archive';
    if (thing.archived === archived) {
      return this.refused(400, `It is ${archived ? 'already' : 'not'} archived.`);
    }
    thing.archived = archived;
    return this.ok();
  }
}

/** Whether {@link FakeResource.changesIn} gave an answer instead. */
export function isAnswer(changes: Fields | FakeAnswer): changes is FakeAnswer {
  return 'status' in changes && typeof changes.status === 'number' && 'body' in changes;
}
