import { relativeTime } from '../common/relative-time.js';
import type { HistoryEntry } from '../outbox/history.js';
import {
  explain,
  explainEvent,
  explainPause,
  explainReason,
  MEANINGS,
} from '../program/explain.js';
import type { ProgramStats } from '../program/outbox.inspector.js';
import { VERSION } from '../version.js';
import type { InboxEntry } from '../webhooks/inbox.inspector.js';
import type { DashboardData } from './dashboard.data.js';
import { html, type Html, type HtmlValue } from './html.js';
import { plot } from './plot.js';
import { table } from './table.js';
import { timeCell } from './times.js';

/** How the page is shown. */
export interface View {
  /** The address of the page, relative to that of the request. */
  readonly base: string;
  readonly actions: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Seconds after which the page loads itself again; `null`: not at all. */
  readonly refresh: number | null;
  /** How many dead letters the visitor has just requeued. */
  readonly requeued: number | null;
}

const SHOWN = 20;
const REFRESH_SECONDS = 5;

/** The whole page. */
export function dashboardPage(data: DashboardData, view: View): string {
  const { stats } = data;
  const title = stats.program === 'default' ? 'Partnero' : `Partnero: ${stats.program}`;
  return frame(
    title,
    view,
    html`<p>Outbox: <code>${stats.location}</code></p>
      <p>${refreshLink(data, view)}</p>`,
    html`${view.requeued !== null && html`<p role="status" class="note">${requeuedInWords(view.requeued)}</p>`}
    ${statusSection(stats, view.now)} ${searchSection(data, view)} ${signUpsSection(data, view.now)}
    ${pendingSection(data, view.now)} ${deadSection(data, view)} ${webhooksSection(data, view)}`,
  );
}

/** What is shown if the outbox can't be read. */
export function problemPage(problem: string, view: Pick<View, 'base'>): string {
  const again = html`<p><a href="${view.base}">Try again</a></p>`;
  const what = html`<p class="problem">The outbox can't be read just now: ${problem}</p>`;
  return frame('Partnero', { ...view, refresh: null }, again, what);
}

function frame(
  title: string,
  { base, refresh }: Pick<View, 'base' | 'refresh'>,
  header: Html,
  main: Html,
): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="robots" content="noindex" />
        ${refresh !== null && html`<meta http-equiv="refresh" content="${refresh}" />`}
        <title>${title}</title>
        <link rel="stylesheet" href="${base}/style.css?v=${VERSION}" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <h1>${title}</h1>
          ${header}
        </header>
        <main id="main">${main}</main>
      </body>
    </html>`.toString();
}

function refreshLink({ customer }: DashboardData, { base, refresh }: View): Html {
  const query = new URLSearchParams();
  if (customer !== null) query.set('customer', customer);
  if (refresh !== null) {
    return html`This page loads itself again every ${refresh} seconds.
      <a href="${base}?${query.toString()}">Stop that</a>`;
  }
  query.set('refresh', String(REFRESH_SECONDS));
  return html`<a href="${base}?${query.toString()}">Refresh every ${REFRESH_SECONDS} seconds</a>`;
}

function statusSection({ pending, oldestPendingAt, paused, storage }: ProgramStats, now: number) {
  const oldest = oldestPendingAt
    ? `; the oldest was queued ${relativeTime(oldestPendingAt, now)}`
    : '';
  const waiting =
    pending === 0 ? 'Nothing waits to be sent.' : `${count(pending, 'job')} wait${oldest}.`;
  return html`<section aria-labelledby="status">
    <h2 id="status">Status</h2>
    ${!storage.ok && html`<p class="problem">Sign-ups can't be saved just now: ${storage.problem}</p>`}
    ${paused && html`<p class="problem">Nothing is sent just now. ${explainPause(paused, now)}</p>`}
    <p>${waiting}</p>
  </section>`;
}

function searchSection({ customer, found }: DashboardData, { base, refresh }: View): Html {
  return html`<section aria-labelledby="search">
    <h2 id="search">Why was, or wasn't, a customer credited?</h2>
    <form method="get" action="${base}">
      ${refresh !== null && html`<input type="hidden" name="refresh" value="${refresh}" />`}
      <label for="customer">The customer's id in your app</label>
      <input id="customer" name="customer" value="${customer ?? ''}" required autocomplete="off" />
      <button>Find</button>
    </form>
    ${found !== null && foundJobs(customer ?? '', found)}
  </section>`;
}

function foundJobs(customer: string, found: readonly HistoryEntry[]): Html {
  if (found.length === 0) {
    return html`<p class="note">
      There is no job of customer <code>${customer}</code>: nobody had referred them, the sign-up
      failed, or the history doesn't go back that far.
    </p>`;
  }
  return html`<ul class="note">
    ${found.map((entry) => html`<li>${explain(entry)}</li>`)}
  </ul>`;
}

function signUpsSection({ stats, recent, isLimited }: DashboardData, now: number): Html {
  const signUps = recent.filter(({ jobName }) => jobName === 'attribution');
  const limit = isLimited
    ? html`<p>The newest ${recent.length} jobs are plotted; older ones are left out.</p>`
    : html`<p>Completed jobs are plotted for as long as the history keeps them.</p>`;
  const nothing = html`<p>
    No sign-up is in the history.
    ${stats.queued > 0 && 'This outbox keeps none, or what it had was deleted; the counts remain.'}
  </p>`;
  const notQueued = Object.entries(stats.notAccepted).filter(([, n]) => n > 0);
  return html`<section aria-labelledby="sign-ups">
    <h2 id="sign-ups">Sign-ups</h2>
    ${signUps.length > 0 ? [plot(signUps, now), limit] : nothing}
    ${
      stats.queued > 0 &&
      table(
        'All jobs by outcome, since the outbox was created',
        ['Job', 'Outcome', 'Meaning', 'Jobs'],
        Object.entries(stats.jobs).flatMap(([name, { outcomes, dead, pending }]) =>
          Object.entries({ ...outcomes, dead, pending })
            .filter(([, n]) => n > 0)
            .map(([outcome, n]) => [name, outcome, MEANINGS[outcome] ?? '', n]),
        ),
      )
    }
    ${
      notQueued.length > 0 &&
      table(
        'Sign-ups that this process did not queue, since it started',
        ['Outcome', 'Meaning', 'Sign-ups'],
        notQueued.map(([outcome, n]) => [outcome, MEANINGS[outcome] ?? '', n]),
      )
    }
  </section>`;
}

function pendingSection({ stats, recent }: DashboardData, now: number): Html | false {
  if (stats.pending === 0) return false;
  const pending = recent.filter(({ state }) => state === 'pending');
  return html`<section aria-labelledby="pending">
    <h2 id="pending">Pending</h2>
    ${table(
      listed('newest', Math.min(SHOWN, pending.length), stats.pending, 'pending job'),
      ['Customer', 'Job', 'Referrer', 'Queued', 'Attempts', 'Last failure'],
      pending
        .slice(0, SHOWN)
        .map((entry) => [
          html`<code>${entry.customerKey}</code>`,
          entry.jobName,
          entry.referralKey,
          timeCell(entry.queuedAt, now),
          entry.attempts,
          entry.reason === null ? 'none' : explainReason(entry.reason),
        ]),
    )}
  </section>`;
}

function deadSection({ stats, dead }: DashboardData, view: View): Html {
  return html`<section aria-labelledby="dead">
    <h2 id="dead">Dead letters</h2>
    ${dead.length === 0 ? html`<p>There are none.</p>` : deadTable(stats.dead, dead, view)}
  </section>`;
}

function deadTable(total: number, dead: readonly HistoryEntry[], view: View): Html {
  return requeueTable(
    'outbox',
    listed('oldest', dead.length, total, 'dead letter'),
    ['Customer', 'Job', 'Referrer', 'Queued', 'Why'],
    dead.map((entry) => ({
      id: entry.id,
      what: `${entry.jobName} of ${entry.customerKey}`,
      cells: [
        html`<code>${entry.customerKey}</code>`,
        entry.jobName,
        entry.referralKey,
        timeCell(entry.queuedAt, view.now),
        explainReason(entry.reason),
      ],
    })),
    view,
  );
}

function webhooksSection({ inbox }: DashboardData, view: View): Html {
  const { stats, recent, dead } = inbox;
  const heads = ['Handler', 'Event', 'Received', 'Status'];
  const cells = (entry: InboxEntry) => [
    entry.handler,
    html`<code>${entry.eventId}</code>`,
    timeCell(entry.queuedAt, view.now),
    explainEvent(entry),
  ];
  const byHandler = Object.entries(stats.jobs).map(
    ([handler, { queued, pending, dead: failed }]) => [handler, queued, pending, failed],
  );
  const deadRows = dead.map((entry) => ({
    id: entry.id,
    what: `${entry.eventId} at ${entry.handler}`,
    cells: cells(entry),
  }));
  const deadCaption = listed('oldest', dead.length, stats.dead, 'dead event');
  return html`<section aria-labelledby="webhooks">
    <h2 id="webhooks">Webhooks received</h2>
    ${
      stats.queued === 0
        ? html`<p>No event was saved for a handler.</p>`
        : table('Events by handler', ['Handler', 'Queued', 'Pending', 'Dead'], byHandler)
    }
    ${recent.length > 0 && table('The newest events', heads, recent.map(cells))}
    ${dead.length > 0 && requeueTable('inbox', deadCaption, heads, deadRows, view)}
  </section>`;
}

/** A table of dead letters, with buttons if the page may change something. */
function requeueTable(
  queue: 'outbox' | 'inbox',
  caption: string,
  heads: readonly string[],
  rows: readonly { id: string; what: string; cells: readonly HtmlValue[] }[],
  { actions, base }: View,
): Html {
  if (!actions) {
    const requeue = queue === 'outbox' ? 'outbox.requeue()' : 'webhooks.inbox.requeue()';
    return html`${table(
        caption,
        heads,
        rows.map(({ cells }) => cells),
      )}
      <p>
        Once the cause is fixed, <code>partnero.${requeue}</code> requeues them. This page has
        buttons for it with <code>actions: true</code>.
      </p>`;
  }
  const button = (query: Record<string, string>, label: string, what: string) =>
    html`<form
      method="post"
      action="${base}/requeue/${queue}?${new URLSearchParams(query).toString()}"
    >
      <button aria-label="${label}: ${what}">${label}</button>
    </form>`;
  return html`${table(
    caption,
    [...heads, 'Action'],
    rows.map(({ id, what, cells }) => [...cells, button({ id }, 'Requeue', what)]),
  )}
  ${button({ all: 'true' }, 'Requeue all', caption)}`;
}

function requeuedInWords(n: number): string {
  return n === 0 ? 'Nothing was requeued: it is no dead letter any more.' : `${n} requeued.`;
}

/** Such as `1 dead letter` or `The oldest 50 of 70 dead letters`. */
function listed(which: string, shown: number, total: number, noun: string): string {
  return shown < total ? `The ${which} ${shown} of ${count(total, noun)}` : count(total, noun);
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
