// Proof of age: the whole way, from the start page to a checker of this machine, back, and
// into a chat.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import test from 'node:test';

import { audit } from './axe.js';
import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

/** A checker whose page asks whether one is an adult, and believes what is said. @param {import('node:test').TestContext} t */
async function startChecker(t) {
  const codes = /** @type {Map<string, {state: string, adult: boolean}>} */ (new Map());
  const seen = { referrers: /** @type {(string | undefined)[]} */ ([]), down: 0 };
  const server = createServer(async (request, answer) => {
    const url = new URL(request.url ?? '', 'http://checker');
    const { state = '', return: back = '', adult } = Object.fromEntries(url.searchParams);
    if (request.method === 'POST') {
      if (seen.down-- > 0) return answer.writeHead(502).end();
      const asked = JSON.parse(Buffer.concat(await request.toArray()).toString());
      const code = codes.get(asked.answer);
      codes.delete(asked.answer);
      answer.writeHead(code?.state === asked.challenge ? 200 : 404).end(JSON.stringify({ adult: code?.adult ?? false }));
    } else if (url.pathname === '/start') {
      seen.referrers.push(request.headers.referer);
      const link = (/** @type {boolean} */ is) => `<a id="${is ? 'adult' : 'minor'}" href="/said?${new URLSearchParams({ state, return: back, adult: is ? '1' : '' })}">${is}</a>`;
      answer.setHeader('Content-Type', 'text/html').end(link(true) + link(false));
    } else {
      const code = crypto.randomUUID();
      codes.set(code, { state, adult: adult === '1' });
      answer.writeHead(303, { Location: `${back}?${new URLSearchParams({ state, code })}` }).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`, seen };
}

/** A port that is free, for a site that has to know its own. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('an adult proves it once, and one who is none is told so and may write', async (t) => {
  const checker = await startChecker(t);
  const listen = `127.0.0.1:${await freePort()}`;
  const daemon = await startDaemon('--listen', listen, '--age-required', 'video', '--age-origin', `http://${listen}`, '--age-page', `${checker.url}/start`, '--age-check', `${checker.url}/check`);
  t.after(() => daemon.stop());
  const [adult, minor] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  const said = (/** @type {Visitor} */ visitor, /** @type {string} */ what) => visitor.page.locator(`[data-says="${what}"]`).waitFor();

  await adult.page.locator('#age', { hasText: 'takes you to 127.0.0.1' }).waitFor();
  checker.seen.down = 1;
  await adult.start('video');
  await adult.page.click('#adult');
  await said(adult, 'unavailable');
  assert.equal(adult.page.url(), `${daemon.url}/age`, 'neither state nor code is in the history');
  assert.deepEqual(await audit(adult.page), { broken: [], advice: [] });
  await adult.page.click('#age-again');
  await adult.page.locator('#age', { hasText: 'is good until' }).waitFor();
  assert.ok(await adult.page.isChecked('#consent-policy'), 'consent is remembered over the way');
  await adult.page.click('#video-chat');
  await adult.state('waiting');

  await minor.start('video');
  await minor.page.click('#minor');
  await said(minor, 'not_adult');
  assert.deepEqual(await audit(minor.page), { broken: [], advice: [] });
  await minor.page.reload();
  await said(minor, 'lost');
  await minor.page.click('#age-back');
  await minor.page.click('#text-chat');
  await minor.state('waiting');

  const another = await adult.page.context().newPage(); // the pass is the browser's
  await another.goto(daemon.url);
  await another.click('#video-chat');
  await adult.decodes(1);
  assert.deepEqual(checker.seen.referrers, [undefined, undefined], 'the checker is not told what page sent the visitor');

  await another.close();
  await adult.page.click('#stop');
  await adult.page.goto(daemon.url);
  await adult.page.evaluate(() => { // a pass of some other site
    const settings = JSON.parse(localStorage['joingyd.settings']);
    settings.pass.text = `AAAA${settings.pass.text.slice(4)}`;
    localStorage['joingyd.settings'] = JSON.stringify(settings);
  });
  await adult.page.reload();
  await adult.page.click('#video-chat');
  await adult.page.locator('#notice', { hasText: 'no longer accepted' }).waitFor();
  await adult.page.locator('#age', { hasText: 'takes you to' }).waitFor();
  assert.deepEqual([...(await adult.violations()), ...(await minor.violations())], []);
});
