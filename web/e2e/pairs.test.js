// What a pair's connection is made of, and what it survives: Chromium with Firefox.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { FirefoxVisitor } from './firefox.js';
import { Visitor } from './visitor.js';

/** @typedef {import('./guest.js').Guest} Guest */

/** @param {Guest[]} guests the one who waits, and so offers, first @param {string} url */
async function meet([first, second], url) {
  for (const guest of [first, second]) await guest.goto(url);
  await first.start('video');
  await first.state('waiting');
  await second.start('video');
  await live(first, second);
}

/** @param {Guest[]} guests */
async function live(...guests) {
  await Promise.all(guests.map((guest) => guest.state('chatting')));
  await Promise.all(guests.map((guest) => guest.decodes(5)));
}

/** The certificates that the other side had in each pair. @param {Guest} guest */
async function fingerprints(guest) {
  const pairs = /** @type {Map<string, Set<string>>} */ (new Map());
  for (const { pair, description } of await guest.received('description')) {
    const all = pairs.get(pair) ?? new Set();
    for (const [line] of description.sdp.matchAll(/^a=fingerprint:.*$/gm)) all.add(line);
    pairs.set(pair, all);
  }
  return [...pairs.values()].map((all) => [...all]);
}

/** The live call: its state, its two ICE credentials, and the frames decoded. @param {Guest} guest */
function call(guest) {
  return guest.evaluate(async () => {
    for (const peer of /** @type {any} */ (window).seen.peers) {
      if (peer.signalingState === 'closed' || !peer.remoteDescription) continue;
      const ufrag = (/** @type {RTCSessionDescription | null} */ d) => /a=ice-ufrag:(\S+)/.exec(d?.sdp ?? '')?.[1];
      let frames = 0;
      for (const report of (await peer.getStats()).values()) {
        if (report.type === 'inbound-rtp' && report.kind === 'video') frames = report.framesDecoded;
      }
      return { signaling: peer.signalingState, connection: peer.connectionState, mine: ufrag(peer.currentLocalDescription), theirs: ufrag(peer.currentRemoteDescription), frames };
    }
    throw new Error('there is no call');
  });
}

/**
 * Waits until both have restarted ICE since then, and see each other move again.
 * @param {Guest[]} guests @param {Awaited<ReturnType<typeof call>>[]} before
 */
async function recovers(guests, before) {
  const end = performance.now() + 60_000; // of the test, not of what it tests
  for (const [i, guest] of guests.entries()) {
    const restarted = async () => {
      const now = await call(guest);
      return now.signaling === 'stable' && now.connection === 'connected' && now.mine !== before[i].mine && now.theirs !== before[i].theirs;
    };
    while (!(await restarted())) {
      assert.ok(performance.now() < end, `not connected anew: ${JSON.stringify({ before: before[i], now: await call(guest) })}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  await Promise.all(guests.map(async (guest) => guest.decodes((await call(guest)).frames + 10)));
}

/** Has the page note the longest time, in ms, that the partner's picture stands still. @param {Guest} guest */
function watchStandstill(guest) {
  return guest.evaluate(() => {
    const video = /** @type {HTMLVideoElement} */ (document.querySelector('#remote-video'));
    let last = performance.now();
    const moved = () => {
      const now = performance.now();
      Object.assign(window, { stood: Math.max(now - last, /** @type {any} */ (window).stood ?? 0) });
      last = now;
      video.requestVideoFrameCallback(moved);
    };
    video.requestVideoFrameCallback(moved);
  });
}

test('the connection of a pair', async (t) => {
  const daemon = await startDaemon('--match-patience', '300ms');
  t.after(() => daemon.stop());
  const guests = await Promise.all([Visitor.for(t, daemon.url), FirefoxVisitor.for(t, daemon.url)]);

  await t.test('has certificates of its own on both sides, in each pair and each visit', async () => {
    const seen = guests.map(() => /** @type {string[][]} */ ([]));
    for (let visit = 0; visit < 2; visit++) {
      await meet(guests, daemon.url);
      for (let pair = 2; pair <= 3; pair++) {
        await guests[pair % 2].click('#next');
        for (const guest of guests) await guest.receives('matched', pair);
        await live(...guests);
      }
      for (const [i, guest] of guests.entries()) seen[i].push(...(await fingerprints(guest)));
    }
    for (const all of seen) {
      assert.equal(all.length, 6);
      assert.deepEqual(all.filter((lines) => lines.length !== 1), [], 'one certificate a pair');
    }
    const every = seen.flat(2);
    assert.equal(new Set(every).size, 12, `a certificate was used twice:\n${every.toSorted().join('\n')}`);
  });

  for (const [i, who] of ['Chromium', 'Firefox'].entries()) {
    await t.test(`survives offers that cross on their way, where ${who} is polite`, async () => {
      await meet([guests[1 - i], guests[i]], daemon.url);
      const before = await Promise.all(guests.map(call));
      for (const guest of guests) await guest.hold();
      for (const guest of guests) {
        await guest.evaluate(() => /** @type {any} */ (window).seen.peers.find((/** @type {RTCPeerConnection} */ p) => p.connectionState === 'connected').restartIce());
        await guest.until(() => /** @type {any} */ (window).seen.peers.some((/** @type {RTCPeerConnection} */ p) => p.signalingState === 'have-local-offer'));
      }
      for (const guest of guests) await guest.release();
      await recovers(guests, before);
      for (const guest of guests) assert.equal((await guest.received('matched')).length, 1, 'the same partner');
    });
  }

  await t.test('is mended in place when the relay forgets one side', async () => {
    const before = await Promise.all(guests.map(call));
    const { session } = (await guests[0].received('welcome')).at(-1);
    await daemon.control('relay', 'kill', '--session', session);
    await recovers(guests, before);
    for (const guest of guests) {
      assert.equal((await guest.received('matched')).length, 1, 'the same partner');
      await guest.state('chatting');
      assert.deepEqual(guest.errors, []);
    }
  });

  await t.test('goes on in the next daemon', async (t) => {
    const before = await Promise.all(guests.map(call));
    await Promise.all(guests.map(watchStandstill));
    await guests[0].write('said as the daemon goes');
    await daemon.restart();
    await recovers(guests, before);
    const stood = await Promise.all(guests.map((guest) => guest.evaluate(() => /** @type {any} */ (window).stood)));
    t.diagnostic(`figure: a video call over a restart: pictures stood still for ${stood.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(' and ')}`);
    await guests[1].reads('them', 'said as the daemon goes');
    for (const guest of guests) {
      assert.equal((await guest.received('matched')).length, 1, 'the same partner');
      assert.equal((await guest.received('text')).length, guest === guests[1] ? 1 : 0, 'said once');
      await guest.state('chatting');
    }
  });
});
