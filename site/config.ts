import { join, resolve } from 'node:path';
import type { UserConfig } from '@rspress/core';
import { NAVIGATION } from './navigation.js';
import { PAGES } from './pages.js';

/**
 * The site as Rspress builds it. It loads nothing from other hosts: no CDN, no analytics.
 *
 * Rspress, because it is maintained, checks links and anchors, searches locally, and runs no script when
 * it is installed. VitePress 1 has had no release since August 2025 and needs Vite 5, which gets no fixes;
 * VitePress 2 is an alpha.
 */
export const SITE: UserConfig = {
  root: PAGES,
  outDir: 'dist/docs/site',
  title: 'nestjs-partnero',
  description: 'Attribute sign-ups of your NestJS app to Partnero affiliates',
  globalStyles: resolve('site/site.css'),
  markdown: { link: { checkDeadLinks: true, checkAnchors: true } },
  builderConfig: { performance: { printFileSize: false } },
  themeConfig: {
    sidebar: {
      '/': NAVIGATION.map(({ title, pages }) => ({
        text: title,
        collapsible: true,
        collapsed: false,
        items: pages.map(([file, text]) => ({ text, link: linkTo(file) })),
      })),
    },
  },
};

function linkTo(file: string): string {
  return join('/', file).replace(/\/index$/, '/');
}
