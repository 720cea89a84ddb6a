// Takes a picture of every page and state, at 390 and 1,280 px, light and dark,
// into out/. Look at them: nothing else here does.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

const out = path.join(import.meta.dirname, 'out');
const sizes = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } };
const pages = ['about', 'terms', 'privacy', 'rules', 'safety', 'appeal', 'data', 'law', 'guardian', 'transparency', 'none'];

/** @param {Visitor} visitor @param {string} name */
const shoot = (visitor, name) => visitor.page.screenshot({ path: path.join(out, `${name}.png`) });

await mkdir(out, { recursive: true });
const daemon = await startDaemon('--site-contact', 'mail@example.org');
const partner = await Visitor.open(daemon.url);
try {
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      const name = (/** @type {string} */ what) => `${what}-${size}-${colorScheme}`;
      const visitor = await Visitor.open(daemon.url, { viewport, colorScheme });
      await shoot(visitor, name('start'));
      await visitor.start('video', 'hiking', 'jazz');
      await visitor.state('waiting');
      await shoot(visitor, name('waiting'));
      await partner.page.goto(daemon.url);
      await partner.start('video', 'jazz');
      await visitor.decodes(20);
      await partner.page.fill('#message', 'Hi! Which trail did you like best?');
      await partner.page.press('#message', 'Enter');
      await visitor.reads('them', 'trail');
      await visitor.page.fill('#message', 'The one round the lake. Do you play jazz, or listen?');
      await visitor.page.press('#message', 'Enter');
      await partner.reads('them', 'lake');
      await shoot(visitor, name('chat'));
      await visitor.page.click('#report');
      await shoot(visitor, name('report'));
      await visitor.page.click('#report-cancel');
      await partner.page.click('#stop');
      await visitor.state('left');
      await shoot(visitor, name('left'));
      await daemon.control('ban', '127.0.0.1', '--force', '--reason', 'Nudity');
      await visitor.state('banned');
      await shoot(visitor, name('banned'));
      await daemon.control('unban', '127.0.0.1');
      for (const page of pages) {
        await visitor.page.goto(`${daemon.url}/${page}`);
        if (colorScheme === 'light') await shoot(visitor, name(`page-${page}`));
      }
      await visitor.close();
    }
  }
} finally {
  await partner.close();
  await daemon.stop();
}
console.log(`pictures are in ${path.relative(process.cwd(), out)}/`);
