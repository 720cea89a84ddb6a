// The controls of a chat: pictures, devices, keys, and a call that is mended.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { choose, heard, meet, prefer } from './encounter.js';
import { Visitor } from './visitor.js';

/** What the senders of the live call may send. @param {Visitor} visitor */
const sending = ({ page }) =>
  page.evaluate(() => {
    const peer = /** @type {any} */ (window).seen.peers.findLast((/** @type {RTCPeerConnection} */ one) => one.connectionState === 'connected');
    /** @type {Record<string, RTCRtpEncodingParameters>} */
    const all = {};
    for (const sender of peer?.getSenders() ?? []) all[sender.track.kind] = sender.getParameters().encodings[0];
    return all;
  });

test('camera, volume, full screen, data saver and one’s own picture, in one call', async (t) => {
  const limit = 50_000; // bytes a second
  const daemon = await startDaemon('--turn-bandwidth-per-allocation', String(limit));
  t.after(() => daemon.stop());
  const args = ['--use-fake-device-for-media-stream=fps=10,device-count=3'];
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url, { args }), Visitor.for(t, daemon.url)]);
  await meet(a, b, 'video');
  await Promise.all([a.decodes(3), b.decodes(3)]);

  await a.page.waitForFunction(() => {
    const peer = /** @type {any} */ (window).seen.peers.findLast((/** @type {RTCPeerConnection} */ one) => one.connectionState === 'connected');
    return peer.getSenders().every((/** @type {RTCRtpSender} */ sender) => sender.getParameters().encodings[0].maxBitrate);
  });
  const before = await sending(a);
  const total = Number(before.audio.maxBitrate) + Number(before.video.maxBitrate);
  assert.ok(total <= limit * 8 * 0.8, `${total} bits a second are allowed where the relay takes ${limit * 8}`);
  await choose(a, '#saver');
  await a.page.waitForFunction((most) => {
    const peer = /** @type {any} */ (window).seen.peers.findLast((/** @type {RTCPeerConnection} */ one) => one.connectionState === 'connected');
    return peer.getSenders().some((/** @type {RTCRtpSender} */ sender) => sender.track?.kind === 'video' && Number(sender.getParameters().encodings[0].maxBitrate) < most);
  }, Number(before.video.maxBitrate));
  assert.equal((await sending(a)).video.maxFramerate, 15);

  const peers = await a.page.evaluate(() => /** @type {any} */ (window).seen.peers.length);
  await a.page.click('#more');
  for (const camera of ['fake_device_1', 'fake_device_2']) { // the second one's pictures (Y16) cannot be encoded
    await a.page.click('#switch');
    await a.page.waitForFunction((wanted) => /** @type {any} */ (document.querySelector('#local-video')).srcObject.getVideoTracks()[0]?.label === wanted, camera);
    await a.page.locator('#switch:enabled').waitFor();
  }
  await a.page.locator('#volume').fill('25');
  assert.equal(await a.page.$eval('#remote-video', (video) => /** @type {HTMLVideoElement} */ (video).volume), 0.25);
  await a.page.keyboard.press('Escape');
  await a.state('chatting'); // Esc closed the menu, and that only
  assert.ok(await a.page.isHidden('#toast'));
  const frames = await b.page.$eval('#remote-video', (video) => /** @type {HTMLVideoElement} */ (video).getVideoPlaybackQuality().totalVideoFrames);
  await b.decodes(frames + 5);
  assert.equal(await a.page.evaluate(() => /** @type {any} */ (window).seen.peers.length), peers, 'no new call');

  const corner = () => a.page.getAttribute('#self', 'data-corner');
  await a.page.focus('#self-move');
  for (const [key, want] of [['ArrowUp', 'top-right'], ['ArrowLeft', 'top-left'], ['Enter', 'top-right']]) {
    await a.page.keyboard.press(key);
    assert.equal(await corner(), want);
  }
  const [self, stage] = [await a.page.locator('#self').boundingBox(), await a.page.locator('#stage').boundingBox()];
  assert.ok(self && stage);
  await a.page.mouse.move(self.x + 20, self.y + self.height - 20);
  await a.page.mouse.down();
  await a.page.mouse.move(stage.x + 60, stage.y + stage.height - 60, { steps: 4 });
  await a.page.mouse.up();
  assert.equal(await corner(), 'bottom-left');
  await choose(a, '#self-show');
  assert.ok(await a.page.isHidden('#self'));
  await choose(a, '#self-show');
  assert.ok(await a.page.isVisible('#self'));

  await a.page.click('#full');
  await a.page.waitForFunction(() => document.fullscreenElement?.id === 'chat');
  assert.ok(await a.page.isVisible('#next'), 'nobody is shut in');
  await a.page.click('#full');
  await a.page.waitForFunction(() => !document.fullscreenElement);

  await a.page.waitForSelector('#quality[data-level]');
  assert.match(await a.page.innerText('#quality-text'), /^Connection: /);

  const ufrag = () => b.page.evaluate(() => /** @type {any} */ (window).seen.peers.map((/** @type {any} */ peer) => peer.remoteDescription?.sdp.match(/ice-ufrag:(\S+)/)?.[1]).findLast(Boolean));
  const old = await ufrag();
  await a.page.evaluate(() => { // as if the way between the two had broken
    const peer = /** @type {any} */ (window).seen.peers.findLast((/** @type {RTCPeerConnection} */ one) => one.connectionState === 'connected');
    Object.defineProperty(peer, 'iceConnectionState', { value: 'failed', configurable: true });
    peer.dispatchEvent(new Event('iceconnectionstatechange'));
    delete peer.iceConnectionState;
  });
  await b.page.waitForFunction((before) => /** @type {any} */ (window).seen.peers.some((/** @type {any} */ peer) => peer.remoteDescription && !peer.remoteDescription.sdp.includes(before)), old);
  assert.notEqual(await ufrag(), old);
  await a.state('chatting');
  assert.equal(await heard(a, 'left'), 0, 'the partner is the same');
  assert.deepEqual(a.errors, []);
  assert.deepEqual(await a.violations(), []);
});

test('keys work outside of text fields, can be others, and are listed', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url, { viewport: { width: 390, height: 844 } }), Visitor.for(t, daemon.url)]);
  await a.page.setViewportSize({ width: 390, height: 844 });
  await prefer(a, { keys: { next: 'n', stop: '', mic: 'x', camera: 'c', full: 'f', blur: 'b', write: '/', report: 'r' } });
  await meet(a, b, 'video');
  assert.equal(await a.page.getAttribute('#mic', 'aria-keyshortcuts'), 'x');
  assert.equal(await a.page.getAttribute('#stop', 'aria-keyshortcuts'), null);
  await a.page.focus('#message');
  await a.page.keyboard.type('xnr');
  assert.equal(await a.page.inputValue('#message'), 'xnr');
  assert.equal(await a.page.getAttribute('#mic', 'aria-pressed'), 'false');
  await a.page.focus('#log');
  await a.page.keyboard.type('xs');
  assert.equal(await a.page.getAttribute('#mic', 'aria-pressed'), 'true');
  await a.state('chatting');
  await a.page.keyboard.press('/');
  assert.equal(await a.page.evaluate(() => document.activeElement?.id), 'message');
  await a.page.focus('#log');
  await a.page.keyboard.press('r');
  await a.page.locator('#report-dialog').waitFor();
  await a.page.keyboard.press('Escape');

  assert.deepEqual(await a.page.locator('.bar > button, .bar .split button').evaluateAll((all) => all.filter((one) => one.checkVisibility()).map(({ id }) => id)), ['next', 'stop', 'more', 'report', 'stop-report']);
  await a.page.focus('#more');
  await a.page.keyboard.press('Enter'); // and by keyboard alone
  await a.page.locator('#mic').waitFor();
  await a.page.focus('#help-open');
  await a.page.keyboard.press('Enter');
  await a.page.locator('#help-keys kbd', { hasText: 'N' }).waitFor();
  assert.equal(await a.page.locator('#help-keys dt').count(), 8);
  await a.page.click('#help-close');
  await a.page.focus('#log');
  await a.page.keyboard.press('n');
  await a.page.locator('#toast').waitFor();
  assert.deepEqual(a.errors, []);
});
