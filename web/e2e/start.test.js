// The start page: consent, what is missing and what to do, and what never happens.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

test('both boxes are needed, and nobody else online is said plainly', async (t) => {
  const daemon = await startDaemon('--site-name', 'Testing <b>ground</b>');
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  const { page } = visitor;
  assert.equal(await page.title(), 'Testing <b>ground</b>');
  assert.ok(await page.isDisabled('#video-chat'));
  await page.check('#consent-adult');
  assert.ok(await page.isDisabled('#text-chat'));
  await page.check('#consent-policy');
  await page.click('#text-chat');
  await visitor.state('waiting');
  await page.locator('#chat', { hasText: /nobody else is online/i }).waitFor();
  await page.click('#stop');
  await visitor.state('start');
  assert.deepEqual(visitor.errors, []);
});

test('no cookie, no storage needed, no request to anybody else', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  const { page } = visitor;
  const requests = /** @type {string[]} */ ([]);
  page.on('request', (request) => requests.push(request.url()));
  await page.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) {
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      });
    }
  });
  await page.goto(daemon.url);
  await visitor.start('text', 'chess');
  await visitor.state('waiting');
  await page.goto(`${daemon.url}/privacy`);
  assert.ok(requests.length > 5);
  assert.deepEqual(requests.filter((url) => !url.startsWith(daemon.url) && !url.startsWith('data:')), []);
  assert.deepEqual(await page.context().cookies(), []);
  assert.deepEqual(visitor.errors, []);
});

test('a page that is neither https nor localhost says why there is no camera, and offers text', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const { port } = new URL(daemon.url);
  const visitor = await Visitor.for(t, `http://plain.test:${port}/`, { args: ['--host-resolver-rules=MAP plain.test 127.0.0.1'] });
  const said = await visitor.page.locator('#support', { hasText: /https/i }).innerText();
  assert.match(said, /localhost/);
  assert.match(said, /--tls-self-signed/);
  await visitor.page.check('#consent-adult');
  await visitor.page.check('#consent-policy');
  assert.ok(await visitor.page.isDisabled('#video-chat'));
  await visitor.page.click('#text-chat');
  await visitor.state('waiting');
});

test('https with the self-signed certificate gives a camera by any name', async (t) => {
  const daemon = await startDaemon('--tls-self-signed');
  t.after(() => daemon.stop());
  const { port } = new URL(daemon.url);
  const visitor = await Visitor.for(t, `https://lan.test:${port}/`, { args: ['--host-resolver-rules=MAP lan.test 127.0.0.1', '--ignore-certificate-errors'] });
  await visitor.start('video');
  await visitor.state('waiting');
});

test('a refused camera is explained', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  await visitor.page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  });
  await visitor.start('video');
  await visitor.page.locator('#notice', { hasText: /camera/i }).waitFor();
  await visitor.state('start');
});

test('a browser without WebRTC is told before anything else', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  await visitor.page.addInitScript(() => Reflect.deleteProperty(window, 'RTCPeerConnection'));
  await visitor.page.goto(daemon.url);
  await visitor.page.locator('#support', { hasText: /video/i }).waitFor();
  assert.ok(await visitor.page.isDisabled('#video-chat'));
});
