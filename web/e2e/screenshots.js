// Takes a picture of every page and state, at 320, 390 and 1,280 px, light and
// dark, into out/. Look at them: nothing else here does.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

const out = path.join(import.meta.dirname, 'out');
const sizes = { small: { width: 320, height: 568 }, phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } };
const pages = ['about', 'terms', 'privacy', 'rules', 'safety', 'appeal', 'data', 'law', 'guardian', 'transparency', 'none'];
const talk = [
  'Hi! Which trail did you like best?',
  'The one round the lake. Do you play jazz, or listen?',
  'Both, badly. I had lessons as a child, gave them up, and found the trumpet again in a cupboard last winter. The neighbours are patient so far.',
  'Ha!',
  'And you?',
  'I only listen, but a lot. https://music.example/a-very-long-address-without-a-single-place-to-break-it/0123456789',
];
// A name for this machine that no browser takes for localhost.
const args = ['--host-resolver-rules=MAP plain.test 127.0.0.1'];

const daemon = await startDaemon('--site-contact', 'mail@example.org', '--filter-repeats', '0');
const insecure = daemon.url.replace('127.0.0.1', 'plain.test');

/** All of the page, also what is below the window: in a chat there must be nothing. @param {Visitor} visitor @param {string} name */
const shoot = (visitor, name) => visitor.page.screenshot({ path: path.join(out, `${name}.png`), fullPage: true });

/**
 * Brings the visitor and the partner into a chat, from wherever they are.
 * @param {Visitor} visitor @param {Visitor} partner @param {'video' | 'text'} mode
 */
async function meet(visitor, partner, mode) {
  await partner.page.goto(daemon.url);
  await partner.start(mode, 'jazz');
  await Promise.all([visitor.state('chatting'), partner.state('chatting')]);
}

/** @param {Visitor} visitor @param {Visitor} partner @param {string[]} lines the partner's first */
async function converse(visitor, partner, lines) {
  for (const [i, line] of lines.entries()) {
    const writer = i % 2 === 0 ? partner : visitor;
    await writer.write(line);
    await writer.page.locator('#log .line:last-child[data-mark="sent"]').waitFor();
  }
}

/** What can be wrong before a chat. @param {Visitor} visitor @param {(what: string) => string} name */
async function shootStart(visitor, name) {
  await shoot(visitor, name('start'));
  await visitor.page.click('#settings-open');
  await shoot(visitor, name('settings'));
  await visitor.page.keyboard.press('Escape');
  await visitor.page.click('#check-camera');
  await visitor.until(() => /** @type {HTMLVideoElement} */ (document.querySelector('#preview-video')).videoWidth > 0);
  await shoot(visitor, name('preview'));
  await visitor.page.goto(insecure);
  await visitor.page.locator('#support').waitFor();
  await shoot(visitor, name('insecure'));
  await visitor.page.goto(daemon.url);
  await visitor.page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
  });
  await visitor.start('video');
  await visitor.page.locator('#notice').waitFor();
  await shoot(visitor, name('refused'));
}

/** @param {Visitor} visitor @param {Visitor} partner @param {(what: string) => string} name */
async function shootText(visitor, partner, name) {
  await visitor.page.goto(daemon.url);
  await visitor.start('text', 'jazz');
  await visitor.state('waiting');
  await meet(visitor, partner, 'text');
  await converse(visitor, partner, [...talk, ...talk, ...talk]);
  await visitor.page.fill('#message', 'I am still writing this line, and it is getting longer than the box is wide, so the box grows with it.');
  await partner.page.type('#message', 'Hm');
  await visitor.page.locator('#typing').waitFor();
  await shoot(visitor, name('text'));
}

/** @param {Visitor} visitor @param {Visitor} partner @param {(what: string) => string} name */
async function shootVideo(visitor, partner, name) {
  await visitor.page.goto(daemon.url);
  await visitor.start('video', 'hiking', 'jazz');
  await visitor.state('waiting');
  await shoot(visitor, name('waiting'));
  await meet(visitor, partner, 'video');
  await visitor.decodes(20);
  await converse(visitor, partner, talk.slice(0, 2));
  await visitor.page.waitForSelector('#quality[data-level]');
  await shoot(visitor, name('chat'));
  await shootControls(visitor, partner, name);
  await visitor.page.click('#report');
  await shoot(visitor, name('report'));
  await visitor.page.click('#report-cancel');
  await visitor.page.click('#stop-report');
  await visitor.state('left');
  await shoot(visitor, name('stop-report'));
  await visitor.page.click('#report-cancel');
  await shoot(visitor, name('left'));
  await daemon.control('ban', '127.0.0.1', '--force', '--reason', 'Nudity');
  await visitor.state('banned');
  await shoot(visitor, name('banned'));
  await daemon.control('unban', '127.0.0.1');
}

/** What can be had in a chat. @param {Visitor} visitor @param {Visitor} partner @param {(what: string) => string} name */
async function shootControls(visitor, partner, name) {
  const { page } = visitor;
  await page.click('#more');
  await shoot(visitor, name('menu'));
  await page.click('#help-open');
  await shoot(visitor, name('keyboard'));
  await page.click('#help-close');
  await page.focus('#log');
  await page.keyboard.press('b');
  await shoot(visitor, name('blurred'));
  await page.keyboard.press('b');
  await page.keyboard.press('Escape');
  await shoot(visitor, name('undo'));
  await page.keyboard.press('u');
  await page.evaluate(() => { // what a bad network would bring, and no look that says otherwise
    RTCPeerConnection.prototype.getStats = () => new Promise(() => {});
    for (const id of ['poor', 'quality']) /** @type {HTMLElement} */ (document.getElementById(id)).hidden = false;
    /** @type {HTMLElement} */ (document.getElementById('quality')).dataset.level = 'poor';
    /** @type {HTMLElement} */ (document.getElementById('self')).dataset.corner = 'top-right';
  });
  await shoot(visitor, name('poor'));
  await page.evaluate(() => {
    /** @type {HTMLElement} */ (document.getElementById('poor')).hidden = true;
    /** @type {HTMLElement} */ (document.getElementById('self')).dataset.corner = 'bottom-right';
  });
  await page.locator('#log').evaluate((log) => log.scrollTo(0, 0));
  await partner.write('Hello?');
  await visitor.reads('them', 'Hello?');
  await shoot(visitor, name('unread'));
}

await mkdir(out, { recursive: true });
const partner = await Visitor.open(daemon.url);
try {
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      const name = (/** @type {string} */ what) => `${what}-${size}-${colorScheme}`;
      const visitor = await Visitor.open(daemon.url, { viewport, colorScheme, args });
      await shootStart(visitor, name);
      await shootText(visitor, partner, name);
      await shootVideo(visitor, partner, name);
      for (const page of colorScheme === 'light' ? pages : []) {
        await visitor.page.goto(`${daemon.url}/${page}`);
        await shoot(visitor, name(`page-${page}`));
      }
      await visitor.close();
    }
  }
} finally {
  await partner.close();
  await daemon.stop();
}
console.log(`pictures are in ${path.relative(process.cwd(), out)}/`);
