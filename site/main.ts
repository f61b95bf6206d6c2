// npm run docs: a preview that follows your changes.
// npm run docs:build: the site in dist/docs/site. It fails on a dead link.
import { rmSync, watch } from 'node:fs';
import { resolve } from 'node:path';
import { build, dev } from '@rspress/core';
import { SITE } from './config.js';
import { checkNavigation } from './navigation.js';
import { writeReference } from './reference.js';
import { PAGES, writePages } from './pages.js';

const site = { docDirectory: resolve(PAGES), config: SITE };
rmSync('dist/docs', { recursive: true, force: true });
checkNavigation(writePages());
await writeReference();

if (process.argv[2] === 'build') {
  // Rspress reports dead links in development, and fails on them in production.
  process.env['NODE_ENV'] = 'production';
  await build(site);
} else {
  await dev(site);
  watch('docs', { recursive: true }, () => writePages());
}
