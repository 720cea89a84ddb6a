// Which camera comes after the one in use, without a browser.

import assert from 'node:assert/strict';
import test from 'node:test';

import { nextCamera } from '../static/js/next-camera.js';

/**
 * A device with these cameras, of which one can be open at a time, as on many phones.
 * @param {import('node:test').TestContext} t
 * @param {{deviceId: string, facingMode?: string, broken?: boolean}[]} cameras
 */
function device(t, cameras) {
  const log = /** @type {string[]} */ ([]); // what was opened and closed, in this order
  let inUse = false;
  /** @param {typeof cameras[number]} camera */
  const open = (camera) => {
    if (inUse || camera.broken) throw new DOMException('Could not start video source', 'NotReadableError');
    inUse = true;
    log.push(`open ${camera.deviceId}`);
    return /** @type {any} */ ({
      getSettings: () => camera,
      stop() {
        inUse = false;
        log.push(`close ${camera.deviceId}`);
      },
    });
  };
  /** @param {any} constraints */
  const getUserMedia = async ({ audio, video }) => {
    assert.equal(audio, undefined, 'the microphone stays as it is');
    assert.ok(video.width && video.frameRate, 'the picture is no larger than that of the first camera');
    const must = (/** @type {'deviceId' | 'facingMode'} */ what) => (/** @type {any} */ camera) => !video[what]?.exact || camera[what] === video[what].exact;
    const fit = cameras.filter(must('deviceId')).filter(must('facingMode'));
    if (fit.length === 0) throw new DOMException('none such', 'OverconstrainedError');
    const track = open(fit.find(({ deviceId }) => deviceId === video.deviceId) ?? fit[0]);
    return { getVideoTracks: () => [track] };
  };
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator'); // newer versions of Node have one
  Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices: { getUserMedia } }, configurable: true });
  t.after(() => (before ? Object.defineProperty(globalThis, 'navigator', before) : Reflect.deleteProperty(globalThis, 'navigator')));
  return { log, open: (/** @type {number} */ which) => open(cameras[which]), all: /** @type {any[]} */ (cameras) };
}

test('a phone has a camera on either side, in whatever order it lists them', async (t) => {
  const { log, open, all } = device(t, [
    { deviceId: 'wide', facingMode: 'environment' },
    { deviceId: 'far', facingMode: 'environment' },
    { deviceId: 'face', facingMode: 'user' },
  ]);
  let track = open(2);
  for (const want of ['environment', 'user', 'environment']) {
    track = await nextCamera(track, all);
    assert.equal(track.getSettings().facingMode, want);
  }
  assert.deepEqual(log, ['open face', 'close face', 'open wide', 'close wide', 'open face', 'close face', 'open wide']);
});

test('on a desk the next one of the list comes, after the last one the first', async (t) => {
  const { log, open, all } = device(t, [{ deviceId: 'a' }, { deviceId: 'b' }, { deviceId: 'c' }]);
  let track = open(1);
  for (const want of ['c', 'a', 'b']) {
    track = await nextCamera(track, all);
    assert.equal(track.getSettings().deviceId, want);
  }
  assert.deepEqual(log, ['open b', 'close b', 'open c', 'close c', 'open a', 'close a', 'open b']);
  const unplugged = await nextCamera(track, all.filter(({ deviceId }) => deviceId !== 'b'));
  assert.equal(unplugged.getSettings().deviceId, 'a', 'the one in use is not in the list any more');
});

test('where all look the same way, the next one of the list comes', async (t) => {
  const { open, all } = device(t, [{ deviceId: 'a', facingMode: 'user' }, { deviceId: 'b', facingMode: 'user' }]);
  let track = open(1);
  for (const want of ['a', 'b']) {
    track = await nextCamera(track, all);
    assert.equal(track.getSettings().deviceId, want);
  }
});

test('where the next one does not start, the old one is opened again', async (t) => {
  for (const cameras of [
    [{ deviceId: 'a' }, { deviceId: 'b' }, { deviceId: 'broken', broken: true }],
    [{ deviceId: 'away', facingMode: 'environment', broken: true }, { deviceId: 'b', facingMode: 'user' }],
  ]) {
    const { log, open, all } = device(t, cameras);
    const track = await nextCamera(open(1), all);
    assert.equal(track.getSettings().deviceId, 'b');
    assert.deepEqual(log, ['open b', 'close b', 'open b']);
  }
});

test('no camera at all is an error', async (t) => {
  const { open, all } = device(t, [{ deviceId: 'a' }, { deviceId: 'b' }]);
  const track = open(0);
  all.length = 0; // both unplugged
  await assert.rejects(nextCamera(track, [{ deviceId: 'a' }, { deviceId: 'b' }].map((one) => /** @type {any} */ (one))), { name: 'OverconstrainedError' });
});
