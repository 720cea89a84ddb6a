// What was accepted is remembered by the policy's version, and by nothing else.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

test('who accepted this version need not tick again, and a changed policy asks again', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url, { serviceWorkers: 'block' }); // they fetch pages past route()
  const { page } = visitor;
  const ticked = async () => [await page.isChecked('#consent-adult'), await page.isChecked('#consent-policy')];
  const again = (/** @type {string} */ version) => page.route(daemon.url, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace(/data-policy="[^"]*"/, `data-policy="${version}"`) });
  });

  assert.deepEqual(await ticked(), [false, false]);
  await page.check('#consent-adult');
  await page.check('#consent-policy');
  await page.reload();
  assert.deepEqual(await ticked(), [false, false], 'ticked but not gone on');
  await visitor.start('text');
  await visitor.state('waiting');
  await page.goto(daemon.url);
  assert.deepEqual(await ticked(), [true, true]);
  await visitor.start('text', 'chess'); // as every other test does
  await visitor.state('waiting');

  await again('next');
  await page.goto(daemon.url);
  assert.deepEqual(await ticked(), [true, false]);
  await page.locator('#notice', { hasText: /have changed/ }).waitFor();
  assert.ok(await page.isDisabled('#text-chat'));
  assert.deepEqual(visitor.errors, []);
});

test('a server that wants another version is asked for it, and remembered', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  const { page } = visitor;
  await page.evaluate(() => void (document.documentElement.dataset.policy = 'old'));
  await visitor.start('text');
  await page.locator('#notice', { hasText: /have changed/ }).waitFor();
  assert.equal(await page.isChecked('#consent-policy'), false);
  await page.check('#consent-policy');
  await page.click('#text-chat');
  await visitor.state('waiting');
  await page.goto(daemon.url);
  assert.equal(await page.isChecked('#consent-policy'), true);
  assert.deepEqual(visitor.errors, []);
});
