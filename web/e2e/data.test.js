// The receipt of a visit, and what can be asked with it by a browser that runs no script.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

test('the form for data takes the receipt that the settings showed, without a script', async (t) => {
  const daemon = await startDaemon('--site-contact', 'mail@example.org');
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  await visitor.start('text');
  await visitor.state('waiting');
  const shown = visitor.page.locator('#visit-receipt-text');
  const visit = (await shown.textContent()) ?? '';
  assert.match(visit, /^([a-z2-7]{11}-){4}[a-z2-7]{11}$/);
  await visitor.page.reload();
  assert.equal(await shown.textContent(), visit, 'the tab keeps it');

  const bare = await visitor.browser.newContext({ javaScriptEnabled: false, colorScheme: 'dark', viewport: { width: 320, height: 700 } });
  const page = await bare.newPage();
  await page.goto(new URL('/data', daemon.url).href);
  await page.fill('#visit', 'a' + visit.slice(1).replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')));
  await page.click('#form button');
  assert.match(await page.locator('.problem').innerText(), /What do you want\? This is missing/);
  await page.check('input[value="delete"]');
  await page.fill('#visit', visit.toUpperCase());
  await page.click('#form button');
  const receipt = await page.locator('output').innerText();
  assert.match(receipt, /^([a-z2-7]{4}-){7}[a-z2-7]{4}$/);
  const { requests } = await daemon.control('privacy', 'requests', 'list');
  assert.deepEqual([requests[0].kind, requests[0].state, requests.length], ['erase', 'open', 1]);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/data-taken.png`, fullPage: true });
  await page.click('main a.button');
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/data-form.png`, fullPage: true });
  await page.fill('#receipt', receipt);
  await page.click('#look button');
  await page.click('button[name="take_back"]');
  assert.match(await page.locator('.said').innerText(), /The request was taken back/);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/data-back.png`, fullPage: true });
  await bare.close();
  assert.deepEqual(visitor.errors, []);
});
