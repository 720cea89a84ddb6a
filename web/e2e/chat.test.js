// What a visitor has in hand against a stranger, and what is written.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { heard, meet, prefer } from './encounter.js';
import { Visitor } from './visitor.js';

/** The stage's veil. @param {Visitor} visitor @param {string} veil */
const veiled = ({ page }, veil) => page.waitForSelector(`#stage[data-veil="${veil}"]`, { state: 'attached' });

/** @param {Visitor} visitor */
const muted = ({ page }) => page.$eval('#remote-video', (video) => /** @type {HTMLVideoElement} */ (video).muted);

/** A finger across the stage. @param {Visitor} visitor @param {number} across @param {number} along px */
async function swipe({ page }, across, along) {
  const devtools = await page.context().newCDPSession(page);
  const box = /** @type {{x: number, y: number}} */ (await page.locator('#stage').boundingBox());
  const at = (/** @type {number} */ part) => [{ x: box.x + 60 + across * part, y: box.y + 90 + along * part }];
  await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0) });
  for (const part of [0.3, 0.6, 1]) await devtools.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(part) });
  await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

/**
 * Keeps what the page posts as stills from the server, to be looked at.
 * @param {Visitor} visitor
 */
async function catchStills({ page }) {
  const posts = /** @type {import('playwright-core').Request[]} */ ([]);
  await page.route('**/api/snapshots', async (route) => {
    posts.push(route.request());
    await route.fulfill({ status: 202 });
  });
  return posts;
}

/** What is in a JPEG: its size, and how bright it is, from 0 to 255. @param {Visitor} visitor @param {Buffer} jpeg */
const decode = (visitor, jpeg) =>
  visitor.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
    const { width, height } = bitmap;
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(width, height).getContext('2d'));
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += data[i] + data[i + 1] + data[i + 2];
    return { width, height, bright: sum / (3 * width * height) };
  }, jpeg.toString('base64'));

/** Waits until partners have left so often. @param {Visitor} visitor @param {number} times */
const gone = ({ page }, times) =>
  page.waitForFunction((n) => /** @type {any} */ (window).seen.messages.filter((/** @type {string} */ m) => m.includes('"left"')).length >= n, times);

test('a partner is blurred and silent until lifted, and Next can be undone', async (t) => {
  const daemon = await startDaemon('--match-patience', '300ms');
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  await prefer(a, { blur: true });
  await meet(a, b, 'video');
  await a.decodes(3);
  assert.deepEqual([await a.page.getAttribute('#stage', 'data-veil'), await muted(a)], ['blur', true]);

  const pair = await a.pair();
  const posts = await catchStills(a);
  const tokens = /** @type {string[]} */ ([]);
  /** The still that the page posts when it is asked for one. @param {'partner' | 'self'} of */
  const still = async (of) => {
    const token = `token-${tokens.length}_`;
    tokens.push(token);
    const posted = a.page.waitForRequest((request) => request.headers().authorization === `Bearer ${token}`);
    await a.hears({ type: 'snapshot', pair, of, token, expires: new Date(Date.now() + 60_000) });
    const request = await posted;
    const jpeg = request.postDataBuffer() ?? Buffer.of();
    assert.deepEqual([request.method(), request.headers()['content-type']], ['POST', 'image/jpeg']);
    assert.ok(jpeg.length <= 64 << 10, `${jpeg.length} bytes`);
    return decode(a, jpeg);
  };
  const expires = new Date(Date.now() + 60_000);
  await a.hears({ type: 'snapshot', pair: 'A'.repeat(22), of: 'partner', token: 'of another pair', expires });
  await a.hears({ type: 'snapshot', pair, of: 'partner', token: 'late', expires: new Date(Date.now() - 1) });
  for (const of of /** @type {const} */ (['partner', 'self'])) {
    const { width, height, bright } = await still(of); // the blur is on the page, not on the still
    assert.deepEqual([width, height], [320, 240]);
    assert.ok(bright > 30, `the picture of ${of} is as bright as ${bright}`);
  }
  await a.page.click('#camera');
  for (let bright = 255; bright > 10; ({ bright } = await still('self')));
  await a.page.click('#camera');
  assert.deepEqual(posts.map((request) => request.headers().authorization), tokens.map((token) => `Bearer ${token}`));
  assert.ok(!posts.some((request) => request.headers().cookie));

  await a.page.click('#lift');
  await veiled(a, '');
  assert.equal(await muted(a), false);
  assert.equal(await muted(b), false, 'who did not ask for it has no blur');

  await a.page.locator('#status').click(); // out of the text field
  await a.page.keyboard.press('b');
  await veiled(a, 'blur');
  await a.page.keyboard.press('b');
  await veiled(a, '');

  for (const [reason, said] of [['Porn', /pornography\. Show it only/], ['weapons', /may be weapons\./]]) {
    await a.hears({ type: 'action', pair: 'A'.repeat(22), do: 'blur', reason: 'of another pair' });
    await a.hears({ type: 'action', pair, do: 'blur', reason });
    await veiled(a, 'blur');
    assert.equal(await muted(a), true);
    await a.page.locator('#veiled', { hasText: said }).waitFor();
    await a.page.locator('#said', { hasText: said }).waitFor({ state: 'attached' });
    if (reason === 'Porn') await a.page.keyboard.press('b');
    else await a.page.click('#lift');
    await veiled(a, '');
    assert.ok(await a.page.isHidden('#veiled'));
    await a.page.locator('#status').click();
  }

  for (const undo of ['u', 'Control+z', '#undo']) {
    await a.page.keyboard.press('Escape');
    await veiled(a, 'next');
    assert.equal(await muted(a), true);
    assert.ok(await a.page.isVisible('#toast'));
    if (undo.startsWith('#')) await a.page.click(undo);
    else await a.page.keyboard.press(undo);
    await veiled(a, '');
    assert.ok(await a.page.isHidden('#toast'));
  }
  await swipe(a, 60, 0); // too short
  await swipe(a, 120, 100); // a scroll
  assert.ok(await a.page.isHidden('#toast'));
  await swipe(a, 150, 12);
  await veiled(a, 'next');
  await a.page.keyboard.press('u');
  await veiled(a, '');
  assert.equal(await heard(b, 'left'), 0, 'the partner has not learnt of it');

  const matches = await heard(b, 'matched');
  await a.page.keyboard.press('Escape');
  await a.page.keyboard.press('Escape'); // at once
  await a.page.waitForFunction((n) => /** @type {any} */ (window).seen.messages.filter((/** @type {string} */ m) => m.includes('"matched"')).length > n, matches);
  assert.equal(await heard(b, 'left'), 1);
  await a.decodes(3);
  await veiled(a, 'blur'); // the next partner's picture is veiled again
  await a.page.keyboard.press('Escape'); // and now it is let happen
  await gone(b, 2);

  await prefer(a, { undo: false });
  await b.page.reload();
  await meet(b, a, 'video');
  const last = await heard(b, 'left');
  await a.page.keyboard.press('Escape'); // without a second thought
  assert.ok(await a.page.isHidden('#toast'));
  await gone(b, last + 1);
  assert.deepEqual(a.errors, []);
  assert.deepEqual(await a.violations(), []);
});

test('text shows how far it came, and counts what came unseen', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  await meet(a, b, 'text', 'Jazz', 'chess');
  assert.deepEqual(await a.page.locator('#common li').allInnerTexts(), ['Jazz', 'chess']);
  assert.equal(await a.page.getAttribute('#online', 'aria-live'), 'off', 'the count is not read out while two talk');

  await a.write('hello');
  const mine = a.page.locator('.line[data-from="me"] .mark');
  await a.page.waitForSelector('.line[data-mark="sent"]');
  assert.equal(await mine.getAttribute('aria-label'), 'Sent');
  await b.write('שלום');
  await a.reads('them', 'שלום');
  assert.equal(await a.page.locator('.line[data-from="them"] .body').evaluate((line) => getComputedStyle(line).direction), 'rtl');

  await b.page.locator('#message').pressSequentially('he');
  await a.page.locator('#said', { hasText: 'typing' }).waitFor({ state: 'attached' });

  for (let i = 0; i < 9; i++) {
    await b.write(`line ${i} `.repeat(40));
    await b.page.locator('.line:last-child[data-mark="sent"]').waitFor();
  }
  await a.page.waitForFunction(() => document.querySelectorAll('.line[data-from="them"]').length === 10);
  assert.equal(await a.page.title(), 'joingyd', 'what is in sight is not counted');
  await a.page.locator('#log').evaluate((log) => log.scrollTo(0, 0));
  await a.page.waitForFunction(() => document.querySelector('#log')?.scrollTop === 0);
  await a.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await b.write('one');
  await b.write('two');
  await a.page.locator('#unread', { hasText: '2 new messages' }).waitFor();
  assert.equal(await a.page.title(), '(2) joingyd');
  await a.page.click('#unread');
  await a.page.locator('#unread').waitFor({ state: 'hidden' });
  assert.equal(await a.page.title(), 'joingyd');
  await b.page.click('#stop');
  await a.state('left');
  assert.ok(await a.page.isHidden('#common'));
  assert.deepEqual(a.errors, []);
});

test('stop and report is one press, and a block needs no report', async (t) => {
  const daemon = await startDaemon('--match-patience', '200ms');
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  await meet(a, b, 'text');
  await a.write('what is it?');
  await a.page.waitForSelector('.line[data-mark="sent"]');
  await b.write('cheap watches');
  await a.reads('them', 'cheap watches');
  await a.page.click('#stop-report');
  await a.state('left');
  await gone(b, 1);
  await a.page.check('#report-dialog input[value="spam"]');
  await a.page.click('#report-send');
  await a.reads('system', 'its number is');
  const [{ report, lines }] = await a.received('reported');
  assert.equal(lines, 2, 'the page has shown what the server has no more, and the server believes it');
  await daemon.control('reports', 'decide', report, 'warn', '--reason', 'no <b>advertising</b>');
  await b.reads('system', 'warned you: no <b>advertising</b>');

  for (const { page } of [a, b]) await page.reload();
  await meet(a, b, 'text');
  await a.page.click('#block');
  await a.state('waiting');
  await a.reads('system', 'will not meet again');
  assert.ok(await a.page.isEnabled('#report'), 'and still can be reported');
  await a.page.click('#stop-report');
  await a.state('left');
  await a.page.click('#report-cancel');

  for (const { page } of [a, b]) await page.reload();
  await meet(a, b, 'text');
  await a.page.click('#report');
  await a.state('chatting');
  await a.page.click('#report-only-block');
  await a.state('waiting');
  await a.reads('system', 'will not meet again');
  assert.deepEqual(a.errors, []);
});
