// An appeal against a ban, in a browser that runs no script.

import assert from 'node:assert/strict';
import test from 'node:test';

import { audit } from './axe.js';
import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

/** What has the focus. @param {import('playwright-core').Page} page */
const focused = (page) => page.evaluate(() => document.activeElement?.className ?? '');

test('who is banned appeals without a script, and chats again when the ban is lifted', async (t) => {
  const daemon = await startDaemon('--site-contact', 'mail@example.org');
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  await daemon.control('ban', '127.0.0.1', '--permanent', '--force', '--reason', 'testing <b>bans</b>');
  await visitor.start('text');
  await visitor.state('banned');

  const bare = await visitor.browser.newContext({ javaScriptEnabled: false, colorScheme: 'dark', viewport: { width: 320, height: 700 } });
  const page = await bare.newPage();
  await page.goto(new URL('/appeal', daemon.url).href);
  assert.match(await page.locator('main').innerText(), /A ban is on your connection now[^]*testing <b>bans<\/b>[^]*it is for good/);
  await page.fill('#reference', 'zzzzzzzz');
  await page.click('#form button');
  assert.match(await page.locator('.problem').innerText(), /Why should the ban end\? This is missing/);
  assert.match(await focused(page), /problem/);
  assert.equal(await page.inputValue('#reference'), 'zzzzzzzz');
  await page.fill('#words', 'It was my neighbour.\nPlease look again.');
  await page.fill('#reference', '');
  await page.click('#form button');
  const receipt = await page.locator('output').innerText();
  assert.match(receipt, /^([a-z2-7]{4}-){7}[a-z2-7]{4}$/);
  assert.match(await focused(page), /said/);
  assert.equal(page.url(), new URL('/appeal', daemon.url).href, 'nothing is in the address');

  const { cases } = await daemon.control('reports', 'list');
  assert.equal(cases[0].kind, 'appeal');
  await daemon.control('reports', 'decide', cases[0].id, 'lift', '--reason', 'Sorry.');
  await page.click('main a.button');
  await page.fill('#receipt', receipt.toUpperCase());
  await page.click('#look button');
  assert.match(await page.locator('.said').innerText(), /the ban is lifted[^]*Sorry\./);
  await bare.close();

  await visitor.goto(daemon.url);
  await visitor.start('text');
  await visitor.state('waiting');

  const scripted = visitor.page; // axe is one
  for (const [path, what] of [['/appeal?lang=ar', '#form'], ['/guardian', '#look'], ['/data?lang=ar', '#form']]) {
    await scripted.goto(new URL(path, daemon.url).href);
    await scripted.click(`${what} button`);
    await scripted.locator('.problem').waitFor();
    const { broken, advice } = await audit(scripted);
    assert.deepEqual([broken, advice], [[], []], path);
  }
  assert.deepEqual(visitor.errors.filter((error) => !/status of 422|response code: 403/.test(error)), []); // what is refused
  assert.deepEqual(await visitor.violations(), []);
});
