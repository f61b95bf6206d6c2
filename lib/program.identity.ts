import { createHash } from 'node:crypto';
import type { ApiKey } from './api/api-key.js';
import { isProgramType, ping, type ProgramInfo } from './api/program/ping.js';
import { PartneroError } from './api/partnero.error.js';
import type { PartneroApiClient } from './api/partnero-api.client.js';
import { exponential } from './outbox/backoff.js';
import type { Outbox, OutboxLog, PausedBecause, StoredIdentity } from './outbox/outbox.js';
import type { KeyProbe } from './outbox/relay.js';
import type { ProgramType } from './referral/referral.options.js';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15 * 60_000;

interface Subject {
  readonly name: string;
  readonly apiKey: ApiKey | undefined;
  readonly program: ProgramType;
}

/**
 * Makes sure that the jobs in the outbox and the API key belong to the same program: staging and
 * production started from one folder must not deliver each other's. The store remembers a fingerprint
 * of the key and Partnero's public id of the program.
 */
export class ProgramIdentity {
  private stored: StoredIdentity | null = null;
  private stopped = false;
  private learning: Promise<void> | null = null;
  private waiting: { timer: NodeJS.Timeout; wake: () => void } | undefined;

  constructor(
    private readonly subject: Subject,
    private readonly client: PartneroApiClient,
    private readonly outbox: Outbox,
    private readonly log: OutboxLog,
  ) {}

  /** Fingerprint of the key in use, once the store's salt is known. */
  get keyHash(): string | null {
    const { apiKey } = this.subject;
    if (!this.stored || !apiKey) return null;
    return createHash('sha256').update(`${this.stored.salt}:${apiKey.reveal()}`).digest('hex');
  }

  /**
   * Looks at what the store knows. `null`: jobs may be sent. Otherwise the reason why not; of an
   * `unverified_key`, `confirm` tells more.
   */
  async check(): Promise<PausedBecause | null> {
    this.stored = await this.outbox.identity();
    if (!this.subject.apiKey) return 'no_key';
    const { keyHash } = this.stored;
    return keyHash === null || keyHash === this.keyHash ? null : 'unverified_key';
  }

  /** Asks until Partnero tells whether another key belongs to the same program. */
  async confirm(): Promise<'same' | 'wrong_program' | 'stopped'> {
    for (let step = 0; !this.stopped; step += 1) {
      const info = await this.ask();
      if (info) return (await this.matches(info)) ? 'same' : 'wrong_program';
      await this.sleep(exponential(step, FIRST_WAIT_MS, LONGEST_WAIT_MS));
    }
    return 'stopped';
  }

  /** For the relay: whether Partnero takes the key. Never rejects. */
  async probe(): Promise<KeyProbe> {
    try {
      await this.learnIfPossible(await ping(this.client));
      return 'accepted';
    } catch (error) {
      return isRefusal(error) ? 'refused' : 'unknown';
    }
  }

  /** Partnero took a job: from now on, this is the key that its jobs go out with. */
  keyWorked(): void {
    const { stored } = this;
    if (!stored || this.learning) return;
    if (stored.keyHash === this.keyHash && stored.publicId !== null) return;
    this.learning = ping(this.client)
      .then((info) => this.learn(info))
      .catch(() => this.remember({ keyHash: this.keyHash }))
      .catch(() => {});
  }

  /**
   * Asks Partnero about the key, and says in the log what is wrong with it.
   * @returns the error, if the key is refused
   */
  async verify(): Promise<PartneroError | null> {
    try {
      await this.learnIfPossible(await ping(this.client));
      return null;
    } catch (error) {
      if (isRefusal(error)) return error;
      const why = error instanceof PartneroError ? error.message : 'an unexpected error';
      this.log.warn(`The API key could not be verified: ${why} Deliveries are tried all the same.`);
      return null;
    }
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.waiting?.timer);
    this.waiting?.wake();
  }

  private async ask(): Promise<ProgramInfo | null> {
    try {
      return await ping(this.client);
    } catch (error) {
      if (isRefusal(error)) {
        this.log.error(`The API key differs from the one before, and is refused. ${error.message}`);
      }
      return null;
    }
  }

  private async matches(info: ProgramInfo): Promise<boolean> {
    const known = this.stored?.publicId ?? null;
    if (known !== null && info.publicId !== known) {
      this.log.error(
        `This API key belongs to another program than the jobs in ${this.outbox.location} ` +
          `(${this.subject.name}): nothing is sent. If staging and production share that file, give ` +
          'each its own path; if the program was replaced, give the new one another name or path.',
      );
      return false;
    }
    if (known === null) {
      this.log.warn(
        'The API key differs from the one before, and it is not known whether it belongs to the ' +
          'same program; the jobs in the outbox are delivered with it.',
      );
    }
    await this.learnIfPossible(info);
    return true;
  }

  /** What can't be written down now is learnt again from the next job that Partnero takes. */
  private async learnIfPossible(info: ProgramInfo): Promise<void> {
    await this.learn(info).catch(() => {});
  }

  private async learn(info: ProgramInfo): Promise<void> {
    const { program } = this.subject;
    if (info.type !== null && !isProgramType(info.type, program)) {
      this.log.error(
        `The API key belongs to a program of the type '${info.type}', but the option program is ` +
          `'${program}': its customers would be told to Partnero in the wrong form.`,
      );
    }
    const known = this.stored?.publicId ?? null;
    const isNewKey = this.stored?.keyHash !== null && this.stored?.keyHash !== this.keyHash;
    // Another program's id, or another key that doesn't tell its program, must not take the place of
    // what the jobs belong to.
    if (known !== null && info.publicId !== known && (info.publicId !== null || isNewKey)) return;
    await this.remember({ keyHash: this.keyHash, publicId: info.publicId ?? known });
  }

  private async remember(known: Partial<Omit<StoredIdentity, 'salt'>>): Promise<void> {
    if (!this.stored) return;
    const { keyHash = this.stored.keyHash, publicId = this.stored.publicId } = known;
    if (keyHash === this.stored.keyHash && publicId === this.stored.publicId) return;
    await this.outbox.remember({ keyHash, publicId });
    this.stored = { ...this.stored, keyHash, publicId };
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.waiting = { timer: setTimeout(wake, ms).unref(), wake };
    });
  }
}

function isRefusal(error: unknown): error is PartneroError {
  return error instanceof PartneroError && ['unauthorized', 'forbidden'].includes(error.kind);
}
