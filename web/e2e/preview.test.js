// The look at oneself before the first chat.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

/** A visitor who was not asked for the camera yet. @param {import('node:test').TestContext} t */
async function arrive(t) {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url, { permissions: [], args: ['--use-fake-device-for-media-stream=fps=10,device-count=2'] });
  await visitor.page.evaluate(() => {
    const { mediaDevices } = navigator;
    const asked = Object.assign(window, { asked: /** @type {MediaStreamConstraints[]} */ ([]) }).asked;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = (wanted) => {
      asked.push(wanted ?? {});
      return ask(wanted);
    };
  });
  return { visitor, page: visitor.page };
}

const asked = (/** @type {Visitor} */ visitor) => visitor.page.evaluate(() => /** @type {any} */ (window).asked);

test('the first video chat begins with a preview, whose stream the chat takes over', async (t) => {
  const { visitor, page } = await arrive(t);
  await visitor.start('video');
  await page.waitForFunction(() => /** @type {HTMLVideoElement} */ (document.querySelector('#preview-video')).videoWidth > 0);
  assert.equal(await page.getAttribute('html', 'data-state'), 'start');
  await page.locator('#preview-heard', { hasText: /works/ }).waitFor(); // the fake microphone beeps
  const stream = await page.evaluate(() => /** @type {MediaStream} */ (/** @type {HTMLVideoElement} */ (document.querySelector('#preview-video')).srcObject).id);
  await page.click('#preview-start');
  await visitor.state('waiting');
  assert.equal(await page.evaluate(() => /** @type {MediaStream} */ (/** @type {HTMLVideoElement} */ (document.querySelector('#local-video')).srcObject).id), stream);
  assert.equal((await asked(visitor)).length, 1);
  await page.click('#stop');
  await visitor.state('start');
  await page.click('#video-chat');
  await visitor.state('waiting'); // seen once is enough
  assert.deepEqual(visitor.errors, []);
  assert.deepEqual(await visitor.violations(), []);
});

test('devices are chosen by name, remembered, and replaced when they are gone', async (t) => {
  const { visitor, page } = await arrive(t);
  await page.click('#check-camera');
  const menu = page.locator('#preview-camera:enabled');
  await menu.waitFor();
  const names = await menu.locator('option').allInnerTexts();
  assert.equal(names.length, 2);
  assert.match(names[1], /fake_device_1/);
  assert.ok(await page.isDisabled('#preview-start'), 'nothing was accepted yet');
  await menu.selectOption({ label: names[1] });
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector('#preview-video')).srcObject?.getVideoTracks()[0]?.label.includes('fake_device_1'));
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => !document.querySelector('dialog[open]'));
  await page.evaluate(() => {
    const settings = JSON.parse(localStorage.getItem('joingyd.settings') ?? '');
    localStorage.setItem('joingyd.settings', JSON.stringify({ ...settings, microphone: 'gone' }));
    dispatchEvent(new StorageEvent('storage', { key: 'joingyd.settings' }));
  });
  await page.click('#check-camera');
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector('#preview-video')).srcObject?.getVideoTracks()[0]?.label.includes('fake_device_1'));
  assert.deepEqual((await asked(visitor)).slice(-2).map(({ audio }) => audio.deviceId), [{ exact: 'gone' }, { ideal: 'gone' }]);
  await page.locator('#preview-sound').waitFor();
  assert.deepEqual(visitor.errors, []);
});

test('“Not now” gives the camera back, also one that comes too late', async (t) => {
  const { visitor, page } = await arrive(t);
  await page.evaluate(() => {
    const { mediaDevices } = navigator;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (wanted) => {
      const stream = await ask(wanted);
      /** @type {any} */ (window).last = stream;
      if (/** @type {any} */ (window).hold) await /** @type {any} */ (window).hold;
      return stream;
    };
  });
  const ended = () => page.waitForFunction(() => /** @type {any} */ (window).last?.getTracks().every((/** @type {MediaStreamTrack} */ track) => track.readyState === 'ended'));
  await page.click('#check-camera');
  await page.locator('#preview-sound').waitFor();
  await page.click('#preview-close');
  await ended();
  await page.evaluate(() => Object.assign(window, { last: null, hold: new Promise((resolve) => Object.assign(window, { release: resolve })) }));
  await page.click('#check-camera');
  await page.waitForFunction(() => /** @type {any} */ (window).last);
  await page.click('#preview-close');
  await page.evaluate(() => /** @type {any} */ (window).release());
  await ended();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'check-camera');
  assert.deepEqual(visitor.errors, []);
});

test('what is wrong with a device is said, with what to do', async (t) => {
  const { page } = await arrive(t);
  const cases = [
    ['NotAllowedError', 'Permission denied', /was not allowed.*lock symbol/],
    ['NotAllowedError', 'Permission denied by system', /device does not let the browser.*privacy settings/],
    ['NotFoundError', 'Requested device not found', /No camera.*Plug one in/],
    ['NotReadableError', 'Could not start video source', /does not start.*another program/],
  ];
  for (const [name, message, said] of cases) {
    await page.evaluate(([name, message]) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException(message, name));
    }, [name, message]);
    await page.click('#check-camera');
    await page.locator('#preview-problem', { hasText: said }).waitFor();
    await page.click('#preview-close');
  }
  await page.evaluate(() => {
    const picture = document.createElement('canvas').captureStream();
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      if (wanted?.audio) throw new DOMException('Requested device not found', 'NotFoundError');
      return picture.clone();
    };
  });
  await page.click('#check-camera');
  await page.locator('#preview-problem', { hasText: /No microphone/ }).waitFor();
  await page.evaluate(() => {
    const [track] = /** @type {any} */ (document.querySelector('#preview-video')).srcObject.getVideoTracks();
    track.dispatchEvent(new Event('ended'));
  });
  await page.locator('#preview-problem', { hasText: /unplugged/ }).waitFor();
  await page.click('#preview-retry');
  await page.locator('#preview-problem', { hasText: /No microphone/ }).waitFor();
});
