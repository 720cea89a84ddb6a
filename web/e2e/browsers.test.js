// Firefox with Firefox, and Firefox with Chromium: whoever comes first.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { FirefoxVisitor } from './firefox.js';
import { Visitor } from './visitor.js';

/** @typedef {import('./guest.js').Guest} Guest */

/**
 * Has two visitors meet: the first waits, and so is the impolite one who offers.
 * @param {Guest} first @param {Guest} second
 */
async function meet(first, second) {
  await first.start('video', 'Chess', 'jazz');
  await first.state('waiting');
  await second.start('video', 'chess');
  await Promise.all([first.state('chatting'), second.state('chatting')]);
  await Promise.all([first.decodes(5), second.decodes(5)]);
  assert.deepEqual([await role(first), await role(second)], ['impolite', 'polite']);
}

/** The part that the server gave this visitor in the last pair. @param {Guest} guest */
async function role(guest) {
  return (await guest.received('matched')).at(-1).role;
}

/** The relay is all that either sees of the other. @param {Guest} guest */
async function onlyRelay(guest) {
  const pair = await guest.selectedPair();
  assert.equal(pair.local.candidateType, 'relay');
  assert.equal(pair.remote.candidateType, 'relay');
  const candidates = await guest.candidates();
  const remote = candidates.filter(({ type }) => type === 'remote-candidate');
  assert.ok(remote.length > 0);
  for (const { type, candidateType, address } of candidates) {
    assert.equal(candidateType, 'relay', type);
    assert.match(address, /^198\.1[89]\./, type);
  }
}

/** @param {Guest} a @param {Guest} b */
async function talk(a, b) {
  await a.write('hello <b>stranger</b> 👋');
  await b.reads('them', 'hello <b>stranger</b> 👋');
  await b.write('hello yourself');
  await a.reads('them', 'hello yourself');
  await a.until(() => document.querySelector('#log li.line[data-from="me"][data-mark="sent"]') !== null);
}

/** One presses Next, and as nobody else is there they meet again. @param {Guest} a @param {Guest} b */
async function goOn(a, b) {
  const pairs = (await b.received('matched')).length;
  await a.click('#next');
  await b.receives('matched', pairs + 1);
  await Promise.all([a.state('chatting'), b.state('chatting')]);
  await Promise.all([a.decodes(5), b.decodes(5)]);
}

/** @param {Guest} guest */
async function clean(guest) {
  assert.deepEqual(await guest.violations(), []);
  assert.deepEqual(guest.errors, []);
}

test('video and text between browsers of different kinds', async (t) => {
  const daemon = await startDaemon('--match-patience', '300ms');
  t.after(() => daemon.stop());
  const firefox = await FirefoxVisitor.for(t, daemon.url);
  const pair = (/** @type {Guest} */ a, /** @type {Guest} */ b) => async () => {
    for (const guest of [a, b]) await guest.goto(daemon.url); // ends what it did before
    await meet(a, b);
    await Promise.all([onlyRelay(a), onlyRelay(b)]);
    await talk(a, b);
    await goOn(b, a);
    await Promise.all([onlyRelay(a), onlyRelay(b)]);
    await Promise.all([clean(a), clean(b)]);
  };

  const other = await FirefoxVisitor.open(daemon.url);
  try {
    await t.test('Firefox with Firefox', pair(firefox, other));
  } finally {
    await other.close();
  }
  const chromium = await Visitor.for(t, daemon.url);
  await t.test('Firefox waits, Chromium comes', pair(firefox, chromium));
  await t.test('Chromium waits, Firefox comes', pair(chromium, firefox));
});
