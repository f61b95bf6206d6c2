import type { OutboxLog } from './outbox/outbox.js';
import type { ResolvedOptions } from './partnero.options.js';
import { DEFAULT_PROGRAM } from './program.tokens.js';

/** One line at boot: what is in force, or that nothing is. */
export function bootLine(
  options: ResolvedOptions,
  mode: 'delivers' | 'keeps' | 'counts' | 'disabled',
  captures: boolean,
  location: string | undefined,
  log: OutboxLog,
): void {
  const { name, apiProgram } = options;
  const title =
    name === DEFAULT_PROGRAM ? `${apiProgram} program` : `${apiProgram} program '${name}'`;
  if (apiProgram === 'newsletter') {
    return log.log(`Nothing is attributed to the ${title}: its subscribers are no customers.`);
  }
  const reading = `${sourcesOf(options)}${captures ? ` ${capturingOf(options)}` : ''}`;
  switch (mode) {
    case 'delivers':
      return log.log(`Attributing to the ${title}. ${reading} Outbox: ${location}.`);
    case 'keeps':
      return log.error(
        `There is no API key for the ${title}, but ${location} knows it: sign-ups are accepted and ` +
          `stay pending until the key is back. Set PARTNERO_API_KEY, or the apiKey option. ${reading}`,
      );
    case 'counts':
      return log.log(
        `Disabled by the option enabled. What is in ${location} for the ${title} stays there. ${reading}`,
      );
    case 'disabled':
      return sayDisabled(options, title, reading, log);
  }
}

function sayDisabled(
  { enabled }: ResolvedOptions,
  title: string,
  reading: string,
  log: OutboxLog,
): void {
  if (enabled === false) return log.log(`Disabled by the option enabled: ${title}. ${reading}`);
  const message =
    `Disabled: there is no API key for the ${title}. Set PARTNERO_API_KEY, or the apiKey option. ` +
    reading;
  if (process.env['NODE_ENV'] === 'production') log.error(message);
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
