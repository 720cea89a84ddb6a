// The chat page's layout: it fits the window, whatever is said and however wide.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

const phone = { width: 390, height: 844 };
const desk = { width: 1280, height: 800 };

/**
 * Two visitors in a chat with each other.
 * @param {import('node:test').TestContext} t
 * @param {'video' | 'text'} mode
 */
async function pair(t, mode) {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  await a.start(mode);
  await a.state('waiting');
  await b.start(mode);
  await Promise.all([a.state('chatting'), b.state('chatting')]);
  return [a, b];
}

/** Resizes the window and waits until the page is drawn that way. @param {Visitor} visitor @param {typeof phone} size */
async function resize({ page }, size) {
  await page.setViewportSize(size);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

for (const mode of /** @type {const} */ (['text', 'video'])) {
  test(`${mode}: a long chat scrolls in its log, and the page does not`, async (t) => {
    const [a, b] = await pair(t, mode);
    const long = 'It goes on and on, and on. '.repeat(20);
    for (let i = 0; i < 45; i++) { // faster than the server takes them: some are marked as rejected
      await a.write(i % 9 === 8 ? `${i} ${long}` : `line ${i}`);
      if (i % 9 === 4) await b.write(`${i} ${long}`);
    }
    await a.page.waitForFunction(() => !document.querySelector('[data-mark="sending"]'));
    assert.ok((await a.page.locator('.line').count()) > 45);
    await b.write('the newest');
    await a.reads('them', 'the newest');

    for (const size of [phone, desk, { width: 320, height: 568 }, { width: 568, height: 320 }, phone]) {
      await resize(a, size);
      await a.page.mouse.move(size.width / 2, 20); // on the header
      await a.page.mouse.wheel(0, 3000);
      const where = `at ${size.width}x${size.height}`;
      const seen = await a.page.evaluate(() => {
        const box = (/** @type {string} */ selector) => /** @type {Element} */ (document.querySelector(selector)).getBoundingClientRect().toJSON();
        const { scrollHeight, scrollWidth } = document.documentElement;
        return { scrollHeight, scrollWidth, innerHeight, innerWidth, scrollY, log: box('#log'), newest: box('#log .line:last-child'), composer: box('#composer'), bar: box('.bar') };
      });
      assert.equal(seen.scrollHeight, seen.innerHeight, where);
      assert.equal(seen.scrollWidth, seen.innerWidth, where);
      assert.equal(seen.scrollY, 0, where);
      assert.ok(seen.newest.top >= seen.log.top && seen.newest.bottom <= seen.log.bottom, `the newest line is in sight ${where}`);
      for (const part of [seen.composer, seen.bar]) {
        assert.ok(part.top >= 0 && part.bottom <= seen.innerHeight, `${where}: from ${part.top} to ${part.bottom}`);
        assert.ok(part.left >= 0 && part.right <= seen.innerWidth, `${where}: from ${part.left} to ${part.right}`);
      }
    }
  });
}

test('no button is too narrow for its label, and the bar is as high in every state', async (t) => {
  const sizes = [320, 360, 390, 768, 900, 1280].map((width) => ({ width, height: 800 })).concat({ width: 568, height: 320 });
  const height = 44; // px, of a button
  /** @param {Visitor} visitor @param {string} state */
  const check = async (visitor, state) => {
    await visitor.state(state);
    for (const size of sizes) {
      await resize(visitor, size);
      const buttons = await visitor.page.evaluate(() =>
        [...document.querySelectorAll('button')].filter((button) => button.checkVisibility()).map((button) => {
          const box = button.getBoundingClientRect();
          const range = document.createRange();
          const spills = [...button.childNodes].some((part) => {
            if (part instanceof Element && getComputedStyle(part).position === 'absolute') return false; // a label for the ear
            range.selectNode(part);
            const { width, left, right } = range.getBoundingClientRect();
            return width > 0 && (left < box.left || right > box.right);
          });
          return { label: button.innerText.trim(), spills: spills || button.scrollWidth > button.clientWidth, outside: box.left < 0 || box.right > innerWidth };
        }),
      );
      const where = `${state} at ${size.width}x${size.height}`;
      assert.deepEqual(buttons.filter(({ spills, outside }) => spills || outside), [], where);
      if (state === 'start') continue;
      const bar = await visitor.page.locator('.bar').evaluate((e) => ({ height: e.clientHeight, overflows: e.scrollWidth > e.clientWidth }));
      assert.deepEqual(bar, { height, overflows: false }, where);
    }
  };

  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  for (const mode of /** @type {const} */ (['text', 'video'])) {
    const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
    await check(a, 'start');
    await a.start(mode);
    await check(a, 'waiting');
    await b.start(mode);
    await check(a, 'chatting');
    await a.page.click('#stop');
    await check(a, 'left');
    await Promise.all([a.close(), b.close()]);
  }
});

for (const mode of /** @type {const} */ (['text', 'video'])) {
  test(`${mode}: what is said about a lost connection hides nothing`, async (t) => {
    const daemon = await startDaemon();
    t.after(() => daemon.stop());
    const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
    let cut = () => {};
    let lost = false;
    await a.page.routeWebSocket(/\/ws$/, (socket) => {
      if (lost) return void socket.close({ code: 4000 });
      const server = socket.connectToServer();
      cut = () => {
        lost = true;
        void server.close({ code: 4000 });
        void socket.close({ code: 4000 });
      };
    });
    await a.page.reload();
    await a.start(mode);
    await a.state('waiting');
    await b.start(mode);
    await a.state('chatting');
    cut();
    await a.page.locator('#banner', { hasText: 'next try' }).waitFor(); // the longest text, after a few tries
    for (const size of [phone, desk, { width: 320, height: 568 }, { width: 568, height: 320 }]) {
      await resize(a, size);
      const boxes = await a.page.evaluate(() => ['#status', '#banner', '#log', '#composer'].map((selector) => /** @type {Element} */ (document.querySelector(selector)).getBoundingClientRect().toJSON()));
      for (let i = 1; i < boxes.length; i++) assert.ok(boxes[i].top >= boxes[i - 1].bottom, `part ${i} begins at ${boxes[i].top}, above ${boxes[i - 1].bottom}`);
      assert.ok(boxes[3].bottom <= size.height, `the composer ends at ${boxes[3].bottom} of ${size.height}`);
      assert.equal(await a.page.evaluate(() => document.documentElement.scrollHeight), size.height);
    }
  });
}
