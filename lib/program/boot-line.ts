import type { OutboxLog } from '../outbox/outbox-engine.js';
import { PARTNERO_URL, type ResolvedOptions } from '../partnero.options.js';
import type { ProgramMode } from './program.outbox.js';
import { DEFAULT_PROGRAM } from './program.tokens.js';

/** What the line says of the outbox, if there is one. */
export interface BootedOutbox {
  readonly location: string;
  /** Why jobs can't be saved just now; `null` if they can. */
  readonly problem: string | null;
}

/** Logs one line at boot: which program is attributed to and from where, or why nothing is. */
export function bootLine(
  options: ResolvedOptions,
  mode: ProgramMode,
  captures: boolean,
  outbox: BootedOutbox | null,
  log: OutboxLog,
): void {
  const { name, apiProgram, baseUrl } = options;
  const title =
    name === DEFAULT_PROGRAM ? `${apiProgram} program` : `${apiProgram} program '${name}'`;
  if (apiProgram === 'newsletter') {
    return log.log(`Nothing is attributed to the ${title}: it has subscribers, not customers.`);
  }
  const sources = `${sourcesOf(options)}${captures ? ` ${capturingOf(options)}` : ''}`;
  if (!outbox || mode === 'disabled') return logDisabled(options, title, sources, log);
  const { location, problem } = outbox;
  if (mode === 'read_only') {
    return log.log(
      `Disabled by the option enabled. Jobs for the ${title} in ${location} stay there. ${sources}`,
    );
  }
  if (problem !== null) {
    return log.error(
      `Sign-ups can't be saved for the ${title} just now: ${problem}. They go on without attribution ` +
        `until the outbox works. ${sources} Outbox: ${location}.`,
    );
  }
  if (mode === 'queues') {
    return log.error(
      `There is no API key for the ${title}, but ${location} has jobs of it: sign-ups are queued and ` +
        `stay pending until there is a key. Set PARTNERO_API_KEY, or the apiKey option. ${sources}`,
    );
  }
  const api =
    baseUrl === PARTNERO_URL ? '' : ` API: ${baseUrl}, set by baseUrl or PARTNERO_BASE_URL.`;
  log.log(`Attributing to the ${title}. ${sources} Outbox: ${location}.${api}`);
}

function logDisabled(
  { enabled, isApiKeyUndefined }: ResolvedOptions,
  title: string,
  sources: string,
  log: OutboxLog,
): void {
  if (enabled === false) return log.log(`Disabled by the option enabled: ${title}. ${sources}`);
  const why = isApiKeyUndefined
    ? `the apiKey option of the ${title} was passed, but is undefined. Is PARTNERO_API_KEY set, and ` +
      "does your ConfigModule's schema keep it?"
    : `there is no API key for the ${title}. Set PARTNERO_API_KEY, or the apiKey option.`;
  const message = `Disabled: ${why} ${sources}`;
  if (process.env['NODE_ENV'] === 'production') log.error(message);
  else if (isApiKeyUndefined) log.warn(message);
  else log.log(message);
}

function sourcesOf({ referral }: ResolvedOptions): string {
  const places = referral.sources.map((source) => {
    switch (source) {
      case 'query':
        return `query ${parametersOf(referral)}`;
      case 'header':
        return `header ${referral.header}`;
      case 'body':
        return `body field ${referral.bodyField}`;
      case 'cookie':
        return `cookie ${referral.cookie}`;
    }
  });
  const first = referral.resolve ? ['the resolve option'] : [];
  return `The referral key is read from: ${[...first, ...places].join(', then ')}.`;
}

function capturingOf({ referral }: ResolvedOptions): string {
  const { domain, maxAgeDays } = referral.capture;
  const where = domain === undefined ? '' : ` for ${domain}`;
  const days = maxAgeDays === 1 ? '1 day' : `${maxAgeDays} days`;
  return `Links with ${parametersOf(referral)} set the cookie ${referral.cookie}${where}, ${days} long.`;
}

function parametersOf({ params }: ResolvedOptions['referral']): string {
  return params.map((name) => `?${name}=`).join(', ');
}
