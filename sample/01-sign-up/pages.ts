import type { PanelState } from './panel.js';
import type { User } from './users.js';

export function landingPage(referralKey: string | null, panel: PanelState): string {
  const remembered =
    referralKey === null
      ? '<p>Nobody’s link led here: a sign-up won’t be credited to anybody.</p>'
      : `<p class="note"><b>${escape(referralKey)}</b>’s link was remembered, in a cookie and for 30 days. Whoever signs up in this browser is credited to ${escape(referralKey)}.</p>`;
  return page(
    'Acme Notes',
    `<p>Notes that think along.</p>
     ${remembered}
     <p><a class="button" href="/signup">Sign up</a></p>`,
    panel,
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

export function accountPage({ id, name }: User, panel: PanelState): string {
  return page(
    `Welcome, ${name}`,
    `<p>Your account is ready, whether or not Partnero was there.</p>
     <p><a href="/partnero?customer=${id}&amp;refresh=2">Was this sign-up credited, and to whom?</a></p>
     <p><a href="/signup">Sign up somebody else</a></p>`,
    panel,
  );
}

/** For people who try this sample. */
function panelOf({ fake, pending, pause }: PanelState): string {
  const waiting =
    pending === 0
      ? 'No sign-up waits to be sent to Partnero.'
      : `${pending} ${pending === 1 ? 'sign-up waits' : 'sign-ups wait'} in the outbox. ${pause ?? ''}`;
  return `<aside>
    <h2>Behind the scenes</h2>
    <p role="status">${escape(waiting)}</p>
    ${fake === null ? '' : switchFor(fake)}
    <p><a href="/partnero?refresh=2">Dashboard: the status of all sign-ups</a></p>
  </aside>`;
}

function switchFor(state: 'up' | 'down'): string {
  const [action, label, now] =
    state === 'up'
      ? ['down', 'Take Partnero down', 'A fake Partnero runs beside this app.']
      : [
          'up',
          'Bring Partnero back',
          'The fake Partnero is down. Sign-ups work all the same: try it.',
        ];
  return `<form method="post" action="/fake/${action}">${now} <button>${label}</button></form>`;
}

function page(title: string, body: string, panel: PanelState | null = null): string {
  // Counts down to the next attempt.
  const isWaiting = panel !== null && panel.pending > 0;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>${escape(title)}</title>
    ${isWaiting ? '<meta http-equiv="refresh" content="1">' : ''}
    <style>
      :root { color-scheme: light dark; --accent: #146; --panel: #f1f4f7 }
      @media (prefers-color-scheme: dark) { :root { --accent: #9cf; --panel: #262b31 } }
      body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
      a { color: var(--accent) }
      label { display: block; margin: 1rem 0 }
      input { font: inherit; display: block; width: 20rem; max-width: 100% }
      button { font: inherit }
      .button { background: #146; color: #fff; border: 0; padding: .5rem 1rem; border-radius: .3rem; text-decoration: none }
      .note, aside { background: var(--panel); padding: .7rem 1rem; border-radius: .3rem }
      aside { margin-top: 4rem; font-size: 1rem }
      aside h2 { font-size: 1rem; margin: 0 }
    </style>
  </head>
  <body>
    <h1>${escape(title)}</h1>
    ${body}
    ${panel ? panelOf(panel) : ''}
  </body>
</html>`;
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
