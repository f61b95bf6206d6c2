import type { ProgramStats } from 'nestjs-partnero';
import type { SignUpStatus } from './status.controller.js';

export function landingPage(): string {
  return page(
    'Acme Notes',
    `<p>Notes that think along. Did a partner send you here? They get a commission.</p>
     <p><a class="button" href="/signup">Sign up</a></p>`,
  );
}

export function signUpPage(): string {
  return page(
    'Sign up',
    `<form method="post" action="/signup">
       <label>Name <input name="name" required></label>
       <label>E-mail <input name="email" type="email" required></label>
       <button class="button">Sign up</button>
     </form>`,
  );
}

export function statusPage(
  stats: ProgramStats,
  signUps: readonly SignUpStatus[],
  fake: 'up' | 'down' | null,
): string {
  const rows = signUps.map(
    ({ user, entry }) => `<tr>
      <td>${escape(user.name)}</td>
      <td>${escape(entry?.referralKey ?? 'nobody')}</td>
      <td>${escape(entry ? (entry.outcome ?? entry.state) : 'not referred')}</td>
      <td>${escape(entry?.reason ?? '')}</td>
    </tr>`,
  );
  return page(
    'The status of each sign-up',
    `<table>
       <tr><th>User</th><th>Referred by</th><th>Status</th><th>Reason</th></tr>
       ${rows.join('') || '<tr><td colspan="4">Nobody has signed up yet.</td></tr>'}
     </table>
     <p>${escape(totals(stats))}</p>
     ${stats.paused ? `<p>Paused: ${escape(stats.paused.reason)}.</p>` : ''}
     ${fake === null ? '' : switchFor(fake)}
     <p><a href="/signup">Sign up somebody else</a></p>`,
    '<meta http-equiv="refresh" content="2">',
  );
}

/** Every queued job has an outcome, is dead or is pending. */
function totals({ queued, outcomes, dead, pending }: ProgramStats): string {
  const completed = Object.entries(outcomes).map(([outcome, n]) => `${n} ${outcome}`);
  return `${queued} queued = ${[...completed, `${dead} dead`, `${pending} pending`].join(' + ')}`;
}

function switchFor(state: 'up' | 'down'): string {
  const [action, label] =
    state === 'up' ? ['down', 'Take Partnero down'] : ['up', 'Bring Partnero back'];
  return `<form method="post" action="/fake/${action}"><button>${label}</button></form>`;
}

function page(title: string, body: string, head = ''): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>${title}</title>
    ${head}
    <style>
      body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
      label { display: block; margin: 1rem 0 }
      input { font: inherit; display: block; width: 20rem; max-width: 100% }
      table { border-collapse: collapse; width: 100% }
      th, td { text-align: left; padding: .4rem; border-bottom: 1px solid #ccc }
      .button { font: inherit; background: #146; color: #fff; border: 0; padding: .5rem 1rem; border-radius: .3rem; text-decoration: none }
    </style>
  </head>
  <body>
    <h1>${title}</h1>
    ${body}
  </body>
</html>`;
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
