// The start page when network, server or WebSocket are missing.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

/** @param {import('node:test').TestContext} t */
async function arrive(t) {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  await visitor.page.locator('#online', { hasText: 'strangers online' }).waitFor();
  return { visitor, page: visitor.page };
}

test('offline and an unreachable server are told, and it goes on by itself', async (t) => {
  const { page } = await arrive(t);
  assert.equal(await page.evaluate(() => document.querySelector('#online')?.closest('[aria-live], [role="status"]')), null);
  await page.context().setOffline(true);
  await page.locator('#reach', { hasText: /offline.*by itself/ }).waitFor();
  assert.equal(await page.isVisible('#online'), false);
  await page.context().setOffline(false);
  await page.locator('#online', { hasText: 'strangers online' }).waitFor();
  assert.equal(await page.isVisible('#reach'), false);
  await page.route('**/api/online', (route) => route.abort());
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.locator('#reach', { hasText: /server does not answer/ }).waitFor();
  await page.unroute('**/api/online');
  await page.locator('#reach').waitFor({ state: 'hidden' }); // with no event but its own
});

test('a WebSocket that is kept away twice is explained', async (t) => {
  const { visitor, page } = await arrive(t);
  await page.route('**/api/ban', (route) => route.fulfill({ json: { banned: false } }));
  await page.addInitScript(() => {
    const Native = window.WebSocket;
    window.WebSocket = /** @type {any} */ (class extends Native {
      constructor(/** @type {URL} */ url, /** @type {string} */ protocol) {
        url.pathname = '/healthz'; // where no WebSocket is
        super(url, protocol);
      }
    });
  });
  await page.reload();
  await visitor.start('text');
  await page.locator('#banner', { hasText: /blocks WebSockets/ }).waitFor();
  await page.context().setOffline(true);
  await page.locator('#banner', { hasText: /You are offline/ }).waitFor();
  await page.click('#stop');
  await visitor.state('start');
});
