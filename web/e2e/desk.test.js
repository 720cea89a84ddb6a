// The moderators' page: two people, one case, by keys alone.

import assert from 'node:assert/strict';
import { access, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';

import { audit as examine } from './axe.js';
import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

// A key for this test alone.
const [secret, recipient] = ['AGE-SECRET-KEY-1TUQ3333C6Z70G4ZDM55LECJRCH9ZHDW4DKR3PGLRYS2ZJNKWZYEQD9CAWP', 'age1a88znpeeq0umegtrkt0mahv07s56h4fux9rj2yfup778ujjxhylsw88rn7'];
const opener = await access(path.resolve(import.meta.dirname, '../../admin/desk/dist/age.js')).then(
  () => true,
  () => false,
);
const hostile = 'Ms Roe, <img src=x onerror="document.title=1"><script>document.title=1</script>';
const picture = 'iVBORw0KGgoAAAANSUhEUgAAACAAAAAYCAYAAACbU/80AAAAUUlEQVR4AezUUQkAIAyE4bE02sEsRjCMESxlA2tohHFPQ/iFe5NxfIx5aedmxi35UQCBUGCPbkrUnQ4LqAPV/xRAAAEEEAgF6lymhFOMwHcCDwAA//80F2oiAAAABklEQVQDAPFCbVE3mTeKAAAAAElFTkSuQmCC'; // a square on blue, PNG

/** @param {import('playwright-core').Page} page */
async function accessible(page) {
  assert.deepEqual((await examine(page)).broken, []);
}

test('moderators judge a case in their browsers, one at a time, and a ban for good takes two', async (t) => {
  const daemon = await startDaemon('--admin-web-listen', '127.0.0.1:0', '--moderation-two-people', '--moderation-recipients', recipient);
  t.after(() => daemon.stop());
  await daemon.control('reports', 'guardian', '--address', '203.0.113.7', '--note', hostile);
  const link = async (/** @type {string} */ name) => (await daemon.control('reports', 'login', '--for', name)).url;
  const banned = async () => (await daemon.control('bans', 'check', '203.0.113.7')).ban;

  const first = await link('alice');
  const alice = await Visitor.for(t, first, { viewport: { width: 320, height: 700 } });
  const bob = await Visitor.for(t, first, { colorScheme: 'dark' });
  // A still, which only a video chat could bring.
  await alice.page.route('**/open', async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    body.evidence?.parts.push({ name: 'still', type: 'image/png', at: new Date().toISOString(), data: picture });
    await route.fulfill({ response, json: body });
  });
  const [a, b] = [alice.page, bob.page];
  await a.locator('#cases .gravity', { hasText: 'urgent' }).waitFor();
  assert.equal(new URL(a.url()).hash, '', 'the secret has left the address');
  await b.locator('#status', { hasText: 'used already' }).waitFor();
  await accessible(b);
  await b.goto(await link('bob'));
  await b.locator('#who', { hasText: 'bob' }).waitFor();
  await accessible(a);

  await a.keyboard.press('Enter');
  await a.locator('#case-title', { hasText: 'Case ' }).waitFor();
  await b.keyboard.press('r');
  await b.locator('.state', { hasText: 'with alice until' }).waitFor();
  await b.keyboard.press('Enter');
  await b.locator('#problem', { hasText: 'alice looks at it until' }).waitFor();
  assert.equal(await b.locator('#evidence').textContent(), '');

  if (opener) {
    await a.fill('#key-text', secret);
    await a.press('#key-text', 'Enter');
    await a.locator('#evidence p', { hasText: hostile }).waitFor();
    assert.equal(await a.locator('img[src=x]').count(), 0);
  } else {
    await a.locator('#sealed-command', { hasText: 'joingyd evidence open' }).waitFor();
  }
  const filter = () => a.locator('.still img').evaluate((image) => getComputedStyle(image).filter);
  const blurred = 'grayscale(1) blur(28px)';
  await a.locator('#case-title').focus();
  assert.equal(await filter(), blurred);
  await a.keyboard.down('Space');
  assert.equal(await filter(), 'none');
  await a.keyboard.up('Space');
  assert.equal(await filter(), blurred);
  await a.locator('.still').hover();
  await a.mouse.down();
  assert.equal(await filter(), 'none');
  await a.evaluate(() => void window.dispatchEvent(new Event('blur')));
  assert.equal(await filter(), blurred);
  await a.mouse.up();

  await a.keyboard.press('p');
  await a.keyboard.type('You seem to be under 18. <b>p</b>');
  await accessible(a);
  await a.keyboard.press('Enter');
  await a.locator('#confirm-text', { hasText: 'Ban for good: “You seem to be under 18. <b>p</b>”?' }).waitFor();
  await a.keyboard.press('Enter');
  await a.locator('#status', { hasText: 'Somebody else must confirm it' }).waitFor();
  assert.ok((await banned()).until, 'for a time until then');
  await a.locator('#cases button:focus').waitFor();
  await a.keyboard.press('Enter');
  await a.locator('#problem', { hasText: 'somebody else than who decided it' }).waitFor();

  await b.keyboard.press('r');
  await b.locator('.state', { hasText: 'to confirm: permanent by alice' }).waitFor();
  await b.keyboard.press('Enter');
  await b.locator('#case-pending', { hasText: '<b>p</b>' }).waitFor();
  await b.keyboard.press('p');
  await b.keyboard.type('Seen.');
  await b.keyboard.press('Enter');
  await b.keyboard.press('Enter');
  await b.locator('#status', { hasText: 'confirmed by bob' }).waitFor();
  assert.equal((await banned()).until ?? '', '');

  await b.keyboard.press('?');
  await b.locator('#help[open]').waitFor();
  await accessible(b);
  await b.keyboard.press('Escape');
  await b.click('#logout');
  await b.locator('#login-title').waitFor();
  const audit = path.join(daemon.dir, 'audit');
  const written = (await Promise.all((await readdir(audit)).map((file) => readFile(path.join(audit, file), 'utf8')))).join('');
  for (const entry of ['"alice","did":"desk.login"', '"alice","did":"evidence.open"', '"bob","did":"evidence.open"', '"bob","did":"report.decide"']) assert.ok(written.includes(entry), written);
  for (const visitor of [alice, bob]) {
    assert.equal(await visitor.page.title(), 'Moderators');
    assert.deepEqual(await visitor.evaluate(() => [document.cookie, localStorage.length + sessionStorage.length]), ['', 0]);
    assert.deepEqual(await visitor.violations(), []);
  }
});
