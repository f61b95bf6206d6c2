import { join, dirname, relative } from 'node:path/posix';

/** Pages of the site that are made of files outside `docs/`. */
const PAGES_OF_FILES: Readonly<Record<string, string>> = {
  'README.md': 'quick-start.md',
  'CHANGELOG.md': 'changes.md',
  'CONTRIBUTING.md': 'contributing.md',
};

/** The page that shows a file of the repository, or null if none does. */
export function pageOf(file: string): { page: string; anchor: string } | null {
  const made = PAGES_OF_FILES[file];
  if (made) return { page: made, anchor: '' };
  const [top, ...rest] = file.split('/');
  if (top === 'docs')
    return { page: rest.join('/').replace(/README\.md$/, 'index.md'), anchor: '' };
  if (top !== 'sample' || rest.length === 0) return null;
  const [sample = '', ...path] = rest;
  return {
    page: `samples/${sample}.md`,
    anchor: path.length > 0 ? `#${slug(path.join('/'))}` : '',
  };
}

/**
 * Points the links of a file's Markdown at pages of the site. A link to a file that is on no page leads
 * to the repository, or is only text while the address of the repository isn't known.
 *
 * @param text - the Markdown
 * @param file - where it is in the repository, such as `docs/webhooks.md`
 * @param page - where it is on the site, such as `webhooks.md`
 */
export function withLinksOfSite(
  text: string,
  file: string,
  page: string,
  repository: string | null,
): string {
  return outsideOfCode(text, (prose) =>
    prose.replaceAll(
      /(!?)\[((?:[^\][]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g,
      (all, bang, label, target) => {
        if (/^(?:https?:|#)/.test(target)) return all;
        const [path, anchor] = target.split('#');
        const linked = join(dirname(file), path);
        const found = pageOf(linked);
        if (found) {
          const to = relative(dirname(page), found.page);
          const hash = anchor ? `#${anchor}` : found.anchor;
          return `${bang}[${label}](${to.startsWith('.') ? to : `./${to}`}${hash})`;
        }
        return repository ? `[${label}](${repository}/blob/main/${linked})` : label;
      },
    ),
  );
}

/** As code hosts make the anchor of a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}

function outsideOfCode(text: string, change: (prose: string) => string): string {
  return text
    .split(/(^ *```[\s\S]*?^ *```$)/m)
    .map((part, i) => (i % 2 === 0 ? change(part) : part))
    .join('');
}
