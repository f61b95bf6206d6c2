/** A page: its file in `docs/` (or a page that the build makes), without `.md`, and its title. */
export type PageLink = readonly [file: string, title: string];

export interface Section {
  readonly title: string;
  readonly pages: readonly PageLink[];
}

/**
 * The navigation of the docs site. To add a page, write `docs/<file>.md`, and add a line here and in
 * `docs/README.md`. The build fails if a page is missing here.
 */
export const NAVIGATION: readonly Section[] = [
  {
    title: 'Start',
    pages: [
      ['index', 'All pages'],
      ['quick-start', 'Quick start'],
      ['attributing-sign-ups', 'Attribute sign-ups'],
      ['where-does-your-sign-up-come-from', 'Where does your sign-up come from?'],
    ],
  },
  {
    title: 'Guides',
    pages: [
      ['payments', 'Sales and refunds'],
      ['webhooks', 'Webhooks'],
      ['several-programs', 'Several programs'],
      ['testing', 'Testing'],
    ],
  },
  {
    title: 'Deploy',
    pages: [
      ['deploy', 'Deploy'],
      ['several-instances', 'Several instances'],
      ['sqlite', 'SQLite'],
      ['postgres', 'PostgreSQL'],
      ['bullmq', 'BullMQ'],
      ['serverless', 'Serverless'],
      ['engines', 'Your own engine'],
      ['sizing', 'Sizing'],
      ['health-and-logs', 'Health check and logs'],
    ],
  },
  { title: 'Troubleshooting', pages: [['troubleshooting', 'Troubleshooting']] },
  {
    title: 'Reference',
    pages: [
      ['options', 'Options'],
      ['outcomes', 'Outcomes'],
      ['reference/index', 'Types and classes'],
      ['cli', 'Command line'],
      ['api', "Partnero's API"],
      ['partnero-conflicts', "Where Partnero's sources disagree"],
      ['guarantees', 'Guarantees and limitations'],
      ['decisions/index', 'Decisions'],
      ['changes', 'Changes'],
      ['contributing', 'Contributing'],
    ],
  },
  { title: 'Security', pages: [['security', 'Security']] },
];

/** Throws if a page can't be reached by the navigation. Samples and decisions have a page that lists them. */
export function checkNavigation(pages: readonly string[]): void {
  const named = new Set(NAVIGATION.flatMap((section) => section.pages.map(([file]) => file)));
  const hidden = pages.filter(
    (page) => !named.has(page) && !/^(?:samples|decisions)\/\d/.test(page),
  );
  if (hidden.length > 0) throw new Error(`Not in site/navigation.ts: ${hidden.join(', ')}`);
}
