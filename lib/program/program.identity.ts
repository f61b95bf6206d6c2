import type { CallOptions } from '../api/call-options.js';
import type { PartneroApiClient } from '../api/partnero-api.client.js';
import { PartneroError } from '../api/partnero.error.js';
import { isProgramType, ping, type ProgramInfo } from '../api/program/ping.js';
import { ThrottledLogger } from '../common/throttled-logger.js';
import type { OutboxEngine, OutboxLog } from '../outbox/outbox-engine.js';
import { PARTNERO_URL, type ResolvedOptions } from '../partnero.options.js';

/** What asking Partnero about the API key led to. */
export type KeyCheckResult =
  /** It is accepted, and belongs to the program of the jobs in the outbox, as far as known. */
  | { readonly type: 'accepted' }
  | { readonly type: 'wrong_program' }
  | { readonly type: 'rejected'; readonly error: PartneroError }
  /** Something answered, but not as documented: `GET /test` may not exist there. */
  | { readonly type: 'unclear'; readonly error: PartneroError }
  | { readonly type: 'no_response'; readonly error: PartneroError };

/**
 * Asks `GET /test` whether Partnero accepts the API key, and compares the program that it belongs to
 * with the one that the outbox remembers: staging and production that share an outbox by mistake must
 * not deliver each other's jobs.
 */
export class ProgramIdentity {
  private savedProgramId: string | null = null;
  private isLoaded = false;
  private isRejected = false;
  private readonly logged = new Set<string>();
  private readonly errors: ThrottledLogger;
  private readonly recoveries: ThrottledLogger;

  constructor(
    private readonly options: Pick<ResolvedOptions, 'name' | 'program' | 'baseUrl'>,
    private readonly client: PartneroApiClient,
    private readonly outbox: OutboxEngine,
    private readonly log: OutboxLog,
  ) {
    this.errors = new ThrottledLogger((message) => log.error(message));
    this.recoveries = new ThrottledLogger((message) => log.log(message));
  }

  /** Reads the id that the outbox remembers. Rejects if the outbox can't be read. */
  async load(): Promise<void> {
    this.savedProgramId = await this.outbox.programId();
    this.isLoaded = true;
  }

  /** Asks once, and logs when the state of the key changes. Never rejects. */
  async ask(options: CallOptions = {}): Promise<KeyCheckResult> {
    try {
      const info = await ping(this.client, options);
      this.accepted();
      return { type: (await this.isSame(info)) ? 'accepted' : 'wrong_program' };
    } catch (error) {
      const known = error instanceof PartneroError ? error : unexpected();
      const type = answerOf(known);
      if (type === 'rejected') this.rejected(known);
      return { type, error: known };
    }
  }

  private async isSame(info: ProgramInfo): Promise<boolean> {
    if (this.isOfOtherType(info)) return false;
    const { savedProgramId } = this;
    if (info.publicId === null || info.publicId === savedProgramId) return true;
    if (savedProgramId !== null) {
      this.logOnce(
        `The API key belongs to another program than the jobs in ${this.outbox.location} ` +
          `(${this.options.name}): nothing is sent. If staging and production share that outbox, give ` +
          'each its own. If the program was replaced, give the new one another name or outbox. If the ' +
          'jobs are from a trial with a fake, stop the app and delete the outbox.',
      );
      return false;
    }
    if (this.isLoaded) await this.remember(info.publicId);
    return true;
  }

  /** If the id can't be saved now, the next answer is another chance. */
  private async remember(publicId: string): Promise<void> {
    try {
      await this.outbox.saveProgramId(publicId);
      this.savedProgramId = publicId;
    } catch {
      // The engine reports trouble with its store itself.
    }
  }

  /** Sent in the wrong form, customers and sales would end refused, or credited to nobody. */
  private isOfOtherType({ type }: ProgramInfo): boolean {
    const { program: expected } = this.options;
    const other = expected === 'affiliate' ? 'refer-a-friend' : 'affiliate';
    // Partnero may have further types.
    if (type === null || !isProgramType(type, other)) return false;
    this.logOnce(
      `The API key belongs to a program of the type '${type}', but the option program is ` +
        `'${expected}': nothing is sent. Set the option program to '${other}'.`,
    );
    return true;
  }

  private rejected({ status }: PartneroError): void {
    const { baseUrl } = this.options;
    if (this.isRejected) return;
    this.isRejected = true;
    this.errors.warn(
      'rejected',
      () =>
        `Partnero rejects the API key (${status}): check PARTNERO_API_KEY, or the apiKey option. ` +
        'Nothing is sent before the key is accepted; jobs stay pending in the outbox.' +
        (baseUrl === PARTNERO_URL ? '' : ` It was sent to ${baseUrl}: is that the right address?`),
    );
  }

  private accepted(): void {
    if (!this.isRejected) return;
    this.isRejected = false;
    this.recoveries.warn('accepted', () => 'Partnero accepts the API key again. Deliveries go on.');
  }

  private logOnce(message: string): void {
    if (this.logged.has(message)) return;
    this.logged.add(message);
    this.log.error(message);
  }
}

function unexpected(): PartneroError {
  return new PartneroError({ kind: 'unexpected', message: 'GET /test failed unexpectedly.' });
}

function answerOf({ kind }: PartneroError): 'rejected' | 'unclear' | 'no_response' {
  switch (kind) {
    case 'unauthorized':
    case 'forbidden':
      return 'rejected';
    case 'network':
    case 'timeout':
    case 'server':
    case 'rate_limited':
    case 'aborted':
      return 'no_response';
    default:
      return 'unclear';
  }
}
