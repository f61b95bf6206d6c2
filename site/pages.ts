import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { pageOf, withLinksOfSite } from './links.js';

/** Where the site's Markdown is put together, from `docs/`, README, changes and samples. */
export const PAGES = 'dist/docs/pages';

/** The address of the repository, once package.json names it. */
function repositoryAddress(): string | null {
  const { repository } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    repository?: string | { url: string };
  };
  const url = typeof repository === 'object' ? repository.url : repository;
  return url?.replace(/^git\+/, '').replace(/\.git$/, '') ?? null;
}

/** Writes all pages but the generated reference. Returns their file names, without `.md`. */
export function writePages(): string[] {
  const repository = repositoryAddress();
  const pages = new Map<string, string>();
  const add = (file: string, change = (text: string) => text) => {
    const page = pageOf(file)!.page;
    pages.set(page, withLinksOfSite(change(readFileSync(file, 'utf8')), file, page, repository));
  };
  for (const name of readdirSync('docs', { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.md')) add(`docs/${name}`);
  }
  add('README.md', quickStartOf);
  add('CHANGELOG.md');
  add('CONTRIBUTING.md');
  for (const sample of samples()) pages.set(`samples/${sample}.md`, sampleAsPage(sample));

  cpSync('docs/images', join(PAGES, 'images'), { recursive: true });
  for (const [page, text] of pages) {
    mkdirSync(dirname(join(PAGES, page)), { recursive: true });
    writeFileSync(join(PAGES, page), text);
  }
  return [...pages.keys()].map((page) => page.replace(/\.md$/, ''));
}

/** The two sections of the README that start an app. On the site they are a page. */
function quickStartOf(readme: string): string {
  const sections = readme.split(/^(?=## )/m);
  const section = (title: string) => {
    const found = sections.find((text) => text.startsWith(`## ${title}\n`));
    if (!found) throw new Error(`The README has no section "${title}", which is on the site.`);
    return found;
  };
  return `# Quick start\n\n${section('Install')}${section('Quick start')}`;
}

function samples(): string[] {
  return readdirSync('sample', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function sampleAsPage(sample: string): string {
  const folder = join('sample', sample);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => extname(name) === '.ts')
    .toSorted((a, b) => Number(b === 'main.ts') - Number(a === 'main.ts') || a.localeCompare(b));
  const blocks = files.map(
    (name) => `## ${name}\n\n\`\`\`ts\n${readFileSync(join(folder, name), 'utf8')}\`\`\`\n`,
  );
  const start = `npm ci && npm run build && npm run build:apps\nnode dist/apps/sample/${sample}/main.js`;
  return [`# Sample ${sample}\n`, `\`\`\`sh\n${start}\n\`\`\`\n`, ...blocks].join('\n');
}
