// What a call does with the screen: it stays on, and the partner's picture may have a
// window of its own.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { meet } from './encounter.js';
import { Visitor } from './visitor.js';

/** A screen that can be kept on, in the place of the browser's, which tells nobody whether it is. */
function recordLocks() {
  const screen = { asked: 0, held: 0, answer: Promise.resolve(), hidden: false };
  Object.assign(window, { screenLock: screen });
  const locks = /** @type {Set<{released: boolean}>} */ (new Set());
  const drop = (/** @type {{released: boolean}} */ lock) => {
    lock.released = true;
    locks.delete(lock);
    screen.held = locks.size;
  };
  Object.defineProperty(navigator, 'wakeLock', {
    value: {
      async request() {
        screen.asked++;
        await screen.answer;
        if (screen.hidden) throw new DOMException('The requesting page is not visible', 'NotAllowedError');
        const lock = { released: false, release: async () => drop(lock) };
        locks.add(lock);
        screen.held = locks.size;
        return lock;
      },
    },
  });
  Object.defineProperty(document, 'hidden', { get: () => screen.hidden });
  document.addEventListener('visibilitychange', () => {
    if (screen.hidden) locks.forEach(drop); // as the browser does, before any page hears of it
  });
}

/** @param {Visitor} visitor @param {number} asked @param {number} held */
const locks = (visitor, asked, held) =>
  visitor.until(([asked, held]) => {
    const { screenLock } = /** @type {any} */ (window);
    return screenLock.asked === asked && screenLock.held === held;
  }, [asked, held], 5_000);

/** Puts the page out of sight, or back. @param {Visitor} visitor @param {boolean} hidden */
const hide = (visitor, hidden) =>
  visitor.evaluate((to) => {
    /** @type {any} */ (window).screenLock.hidden = to;
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);

/** Two visitors, of whom the first runs something before the page's scripts. @param {import('node:test').TestContext} t @param {() => void} before */
async function two(t, before) {
  const daemon = await startDaemon('--match-patience', '300ms');
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  await a.page.addInitScript(before);
  await a.page.reload();
  return [a, b];
}

test('the screen stays on while a call runs, and no longer', async (t) => {
  const [a, b] = await two(t, recordLocks);
  await a.start('video');
  await a.state('waiting');
  await locks(a, 0, 0);
  await b.start('video');
  await a.state('chatting');
  await locks(a, 1, 1);
  await hide(a, true);
  await locks(a, 1, 0);
  await hide(a, false);
  await locks(a, 2, 1);

  await a.evaluate(() => {
    const { screenLock } = /** @type {any} */ (window);
    screenLock.answer = new Promise((resolve) => Object.assign(screenLock, { grant: resolve }));
  });
  for (const hidden of [true, false, true, false]) await hide(a, hidden);
  await locks(a, 4, 0);
  await a.evaluate(() => /** @type {any} */ (window).screenLock.grant());
  await locks(a, 4, 1); // one is enough

  await a.page.click('#stop');
  await a.state('left');
  await locks(a, 4, 0);
  await hide(a, true);
  await hide(a, false);
  await locks(a, 4, 0);
  assert.deepEqual(a.errors, []);
});

test('the stranger’s video may have a window of its own', async (t) => {
  const [a, b] = await two(t, () => {});
  await meet(a, b, 'video');
  await a.decodes(3);
  const pip = a.page.locator('#pip');
  for (const pressed of ['true', 'false']) {
    await a.page.click('#more');
    await pip.click();
    await a.until((wanted) => document.querySelector('#pip')?.getAttribute('aria-pressed') === wanted, pressed, 5_000);
    assert.equal(await a.evaluate(() => document.pictureInPictureElement?.id ?? ''), pressed === 'true' ? 'remote-video' : '');
    await a.page.keyboard.press('Escape'); // the menu, if it is still there
  }
  assert.deepEqual(a.errors, []);
});
