// The work that a page may be asked to do: the solver alone, and in the browser.

import assert from 'node:assert/strict';
import test from 'node:test';

import { mostBytes, sha256 } from '../static/js/sha256.js';
import { canSolve, solve } from '../static/js/work.js';
import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

/** @param {Uint8Array} bytes */
const subtle = async (bytes) => Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');

test('sha256.js agrees with crypto.subtle on every length', async () => {
  const block = new Uint8Array(64);
  const hash = new Int32Array(8);
  for (let length = 0; length <= mostBytes; length++) {
    for (let round = 0; round < 20; round++) {
      crypto.getRandomValues(block); // the rest too: nothing of an earlier hash may count
      const want = await subtle(block.slice(0, length));
      sha256(block, length, hash);
      const got = [...hash].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
      assert.equal(got, want, `${length} bytes`);
    }
  }
});

test('the solver finds the least nonce, and can be stopped', async () => {
  for (let bits = 0; bits <= 12; bits++) {
    const salt = `AbCdEfGhIjKlMnOpQrSt-${bits}`;
    const nonce = await solve({ algorithm: 'SHA-256', salt, bits, expires: '' }, new AbortController().signal);
    for (let n = 0; n <= nonce; n++) {
      const zeros = Math.clz32(parseInt((await subtle(new TextEncoder().encode(salt + n))).slice(0, 8), 16));
      assert.equal(zeros >= bits, n === nonce, `${bits} bits, nonce ${n} of ${nonce}`);
    }
  }
  const stop = new AbortController();
  stop.abort(new Error('stopped'));
  await assert.rejects(solve({ algorithm: 'SHA-256', salt: 'x', bits: 32, expires: '' }, stop.signal), /stopped/);
});

test('the page declines what it cannot do', () => {
  const good = { algorithm: 'SHA-256', salt: 'x'.repeat(22), bits: 17, expires: '' };
  assert.ok(canSolve(good));
  for (const bad of [undefined, { ...good, algorithm: 'scrypt' }, { ...good, bits: 40 }, { ...good, salt: '' }, { ...good, salt: 'x'.repeat(41) }, { ...good, salt: 'ü' }]) {
    assert.ok(!canSolve(/** @type {any} */ (bad)), JSON.stringify(bad));
  }
});

test('the second tab of an address that may hold one session works, and is matched', async (t) => {
  const daemon = await startDaemon('--match-sessions-per-address', '1');
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  await a.start('text');
  await a.state('waiting');
  await b.page.evaluate(() => {
    const seen = /** @type {any} */ (window).seen;
    seen.status = [];
    const status = /** @type {HTMLElement} */ (document.querySelector('#status'));
    new MutationObserver(() => seen.status.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true });
  });
  await b.start('text');
  await Promise.all([a.state('chatting'), b.state('chatting')]);
  await b.write('hello from the second');
  await a.reads('them', 'hello from the second');
  const messages = async (visitor) => (await visitor.page.evaluate(() => /** @type {any} */ (window).seen.messages)).map((text) => JSON.parse(text));
  assert.ok(!(await messages(a)).some(({ type }) => type === 'challenge'), 'the first was challenged');
  const types = (await messages(b)).filter(({ type }) => type !== 'online').map(({ type, code }) => code ?? type);
  assert.deepEqual(types.slice(0, 4), ['welcome', 'challenge', 'challenge_required', 'matched']);
  const shown = await b.page.evaluate(() => /** @type {any} */ (window).seen.status);
  assert.ok(shown.some((text) => /^Checking/.test(text)), `shown: ${shown}`);
  assert.deepEqual([...a.errors, ...b.errors], []);
  assert.deepEqual(await b.violations(), []);
});

test('a page that cannot do what is asked says so', async (t) => {
  const daemon = await startDaemon('--match-sessions-per-address', '1');
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  await a.start('text');
  await a.state('waiting');
  await b.page.evaluate(() => {
    const parse = JSON.parse;
    JSON.parse = (text) => {
      const value = parse(text);
      return value.type === 'challenge' ? { ...value, kind: 'riddle' } : value;
    };
  });
  await b.start('text');
  await b.page.locator('#notice', { hasText: /reload/ }).waitFor();
  await b.state('start');
});

test('one who presses Stop while the page works is let go', async (t) => {
  const daemon = await startDaemon('--match-sessions-per-address', '1');
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  await a.start('text');
  await a.state('waiting');
  await b.page.evaluate(() => { // the work never ends
    Math.clz32 = () => 0;
  });
  await b.start('text');
  await b.page.locator('#status', { hasText: /^Checking/ }).waitFor();
  await b.page.click('#stop');
  await b.state('start');
  await a.state('waiting');
  assert.deepEqual([...a.errors, ...b.errors], []);
});
