// The service worker: what it keeps, what it says without network, and what it
// leaves alone.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

test('the site can be installed, and says so when there is no network', async (t) => {
  const daemon = await startDaemon();
  let running = true;
  t.after(() => running && daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  const { page } = visitor;
  const manifest = await page.evaluate(async () => {
    const link = /** @type {HTMLLinkElement} */ (document.querySelector('link[rel=manifest]'));
    return (await fetch(link.href)).json();
  });
  assert.equal(manifest.display, 'standalone');

  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.evaluate(() => caches.open('joingyd /static/v-000000000000/')); // of another version
  await page.evaluate(() => caches.open('somebody’s'));
  await page.evaluate(async () => (await navigator.serviceWorker.ready).unregister());
  await page.reload();
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    const worker = /** @type {ServiceWorker} */ (active);
    while (worker.state !== 'activated') await new Promise((resolve) => worker.addEventListener('statechange', resolve, { once: true }));
  });
  const kept = await page.evaluate(async () => {
    const names = await caches.keys();
    const ours = names.filter((name) => name.startsWith('joingyd '));
    const requests = await (await caches.open(ours[0])).keys();
    return { names, paths: requests.map((request) => new URL(request.url).pathname) };
  });
  assert.equal(kept.names.length, 2, `one of ours and somebody’s, not ${kept.names}`);
  assert.ok(!kept.names.includes('joingyd /static/v-000000000000/'), 'what another version kept is deleted');
  assert.ok(kept.paths.includes('/offline') && kept.paths.some((path) => path.endsWith('/js/page.js')));
  assert.ok(kept.paths.every((path) => path === '/offline' || path.startsWith('/static/v-')), `kept: ${kept.paths}`);

  await page.goto(new URL('/about', daemon.url).href); // under the worker's rule now
  assert.ok(await page.evaluate(() => navigator.serviceWorker.controller !== null));
  const sources = await page.evaluate(
    () => /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType('resource')).map(({ name, workerStart, transferSize }) => ({ name: new URL(name).pathname, worker: workerStart > 0, transferSize })),
  );
  const script = sources.find(({ name }) => kept.paths.includes(name) && name.endsWith('/js/page.js'));
  assert.ok(script?.worker && script.transferSize === 0, `page.js comes from the worker: ${JSON.stringify(sources)}`);

  await page.goto(daemon.url);
  await visitor.start('text'); // the WebSocket and /api are not its business
  await visitor.state('waiting');
  assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).seen.violations), []);
  assert.deepEqual(visitor.errors, []);

  await daemon.stop();
  running = false;
  for (const path of ['', 'privacy', 'none']) {
    await page.goto(daemon.url + (daemon.url.endsWith('/') ? '' : '/') + path);
    assert.match(await page.innerText('main'), /You are offline/, `/${path} without the daemon`);
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).display), 'flex', 'the page has its style sheet');
  }
  await assert.rejects(page.goto(`${new URL(daemon.url).origin}/api/online`), 'an answer of the API is not made up');
});

test('no script but one makes a URL of a worker, and of that one only', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const { page } = await Visitor.for(t, daemon.url);
  const refused = await page.evaluate(() => {
    const { trustedTypes } = /** @type {any} */ (window);
    /** @param {() => unknown} act */
    const refuses = (act) => {
      try {
        act();
      } catch (error) {
        return /** @type {Error} */ (error).name;
      }
      return 'nothing';
    };
    return {
      other: refuses(() => trustedTypes.createPolicy('other', { createScriptURL: String })),
      again: refuses(() => trustedTypes.createPolicy('joingyd', { createScriptURL: String })),
      worker: refuses(() => new Worker('/sw.js')),
      html: refuses(() => (document.body.innerHTML = '<b>x</b>')),
    };
  });
  assert.deepEqual(refused, { other: 'TypeError', again: 'TypeError', worker: 'TypeError', html: 'TypeError' });
});
