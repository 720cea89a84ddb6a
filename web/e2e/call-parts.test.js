// What watches over a call, without a browser.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Mender } from '../static/js/mend.js';
import { sameServers } from '../static/js/peer.js';
import { compare, judge } from '../static/js/quality.js';
import { budget } from '../static/js/rate.js';

test('the quality of a connection, from two looks at it', () => {
  const before = { at: 1000, rtt: 0.05, remoteLoss: 0, received: 100, lost: 0, bytes: 0, frames: 0, decoded: 0 };
  const well = { at: 3000, rtt: 0.05, remoteLoss: 0, received: 300, lost: 0, bytes: 150_000, frames: 60, decoded: 60 };
  assert.equal(compare({ ...before, at: 0 }, well), null, 'there was no look before');
  for (const [want, change] of /** @type {[string, Partial<typeof well>][]} */ ([
    ['good', {}],
    ['fair', { rtt: 0.3 }],
    ['weak', { rtt: 0.5 }],
    ['poor', { rtt: 1 }],
    ['fair', { lost: 4 }],
    ['weak', { remoteLoss: 0.06 }],
    ['poor', { lost: 40 }],
    ['fair', { decoded: 50 }],
    ['poor', { decoded: 10 }],
    ['poor', { bytes: 0 }],
    ['good', { lost: -5 }], // packets that came twice
  ])) {
    const sample = compare(before, { ...well, ...change });
    assert.ok(sample);
    assert.equal(judge(sample), want, JSON.stringify(change));
  }
});

test('what a call may send stays below the limit of the relay', () => {
  for (const limit of [40_000, 100_000, 320_000, 800_000, 6_400_000]) {
    for (const saving of [false, true]) {
      const { audio, video } = budget(limit, saving, 640);
      assert.ok(Number(audio.maxBitrate) + Number(video.maxBitrate) <= limit, `${limit}: ${JSON.stringify({ audio, video })}`);
      assert.equal(video.scaleResolutionDownBy, saving || limit < 348_000 ? 2 : 1);
    }
  }
  assert.equal(budget(undefined, false, 640).video.maxBitrate, undefined);
  assert.equal(budget(undefined, true, 160).video.scaleResolutionDownBy, 1, 'a small picture is not made smaller');
});

test('servers are the same with fresh credentials, and others at another relay', () => {
  const ice = (/** @type {string} */ credential, /** @type {string[]} */ ...urls) =>
    ({ servers: [{ urls, username: 'a', credential }], transportPolicy: /** @type {const} */ ('relay'), expires: '' });
  assert.ok(sameServers(ice('1', 'turn:a'), ice('2', 'turn:a')));
  assert.ok(!sameServers(ice('1', 'turn:a'), ice('1', 'turn:b')));
  assert.ok(!sameServers(ice('1', 'turn:a'), { ...ice('1'), servers: [] }), 'there is no relay any more');
});

test('a broken call is mended by the impolite side first, a silent one after four seconds', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  /** @param {boolean} polite */
  const call = (polite) => {
    const peer = /** @type {any} */ (Object.assign(new EventTarget(), { iceConnectionState: 'connected', restarts: 0, restartIce() { this.restarts++; } }));
    const mender = new Mender(peer, polite, () => {});
    return { peer, mender, become: (/** @type {string} */ state) => { peer.iceConnectionState = state; peer.dispatchEvent(new Event('iceconnectionstatechange')); } };
  };
  const [impolite, polite] = [call(false), call(true)];
  const restarts = () => [impolite.peer.restarts, polite.peer.restarts];
  for (const { become } of [impolite, polite]) become('disconnected');
  t.mock.timers.tick(3_999);
  assert.deepEqual(restarts(), [0, 0]);
  t.mock.timers.tick(1);
  assert.deepEqual(restarts(), [1, 0]);
  for (const { become } of [impolite, polite]) become('connected');
  t.mock.timers.tick(60_000);
  assert.deepEqual(restarts(), [1, 0], 'mended');
  for (const { become } of [impolite, polite]) become('failed');
  t.mock.timers.tick(0);
  assert.deepEqual(restarts(), [2, 0]);
  t.mock.timers.tick(3_000);
  assert.deepEqual(restarts(), [2, 1], 'the other side did nothing');
  t.mock.timers.tick(7_000);
  assert.deepEqual(restarts(), [3, 1], 'and again');
  for (const { mender } of [impolite, polite]) mender.close();
  t.mock.timers.tick(60_000);
  assert.deepEqual(restarts(), [3, 1]);
});
