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
      ['without-an-account', 'Without an account'],
      ['how-it-works', 'How it works'],
    ],
  },
  {
    title: 'Guides',
    pages: [
      ['capture-partner-links', 'Capture partner links'],
      ['return-a-customer', 'Return a customer'],
      ['subdomains-and-domains', 'Subdomains and other domains'],
      ['spa-and-mobile', 'Single-page and mobile apps'],
      ['social-login', 'Social login'],
      ['sign-in-with-apple', 'Sign in with Apple'],
      ['magic-links', 'Magic links'],
      ['graphql', 'GraphQL'],
      ['auth-libraries', 'Auth libraries and providers'],
      ['consent', 'Consent'],
      ['sales-and-refunds', 'Sales and refunds'],
      ['webhooks', 'Webhooks'],
      ['erase-a-customer', 'Erase a customer'],
      ['nest-add', 'nest add'],
      ['testing', 'Testing'],
      ['openapi', 'OpenAPI'],
      ['several-programs', 'Several programs'],
      ['replace-your-integration', 'Replace your integration'],
      ['your-own-outbox', 'Use your own outbox'],
    ],
  },
  {
    title: 'Deploy',
    pages: [
      ['deploy', 'Docker and volumes'],
      ['several-instances', 'Several instances'],
      ['sqlite', 'SQLite'],
      ['postgres', 'PostgreSQL'],
      ['bullmq', 'BullMQ'],
      ['engines', 'Your own engine'],
      ['serverless', 'Serverless'],
      ['bundlers', 'Bundlers'],
      ['health-and-logs', 'Health check, logs, alerts'],
      ['dashboard', 'Dashboard'],
      ['observability', 'Metrics, traces and alerts'],
      ['capacity', 'Capacity'],
    ],
  },
  {
    title: 'Troubleshooting',
    pages: [
      ['troubleshooting', 'By symptom'],
      ['faq', 'Questions'],
      ['upgrading', 'Upgrading, compatibility'],
    ],
  },
  {
    title: 'Reference',
    pages: [
      ['options', 'Options'],
      ['outcomes', 'Outcomes'],
      ['reference/index', 'Types and classes'],
      ['cli', 'Command line'],
      ['errors', 'Errors and log messages'],
      ['guarantees', 'Guarantees, limitations'],
      ['api', "Partnero's API"],
      ['partnero-conflicts', 'API variants'],
      ['benchmarks', 'Benchmarks'],
      ['decisions/index', 'Decisions'],
      ['changes', 'Changes'],
      ['contributing', 'Contributing'],
    ],
  },
  { title: 'Security', pages: [['security', 'Security']] },
];

/** Throws if a page can't be reached. Samples and decisions are reached by the page that lists them. */
export function checkNavigation(pages: readonly string[]): void {
  const named = new Set(NAVIGATION.flatMap((section) => section.pages.map(([file]) => file)));
  const hidden = pages.filter(
    (page) => !named.has(page) && !/^(?:samples|decisions)\/\d/.test(page),
  );
  if (hidden.length > 0) throw new Error(`Not in site/navigation.ts: ${hidden.join(', ')}`);
}
