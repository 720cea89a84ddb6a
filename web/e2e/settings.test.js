// What is remembered on the device: the module by itself, with a storage made here,
// and the dialog in a browser.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Settings, standardKeys } from '../static/js/settings.js';
import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

const key = 'joingyd.settings';

/** A storage like the browser's. @param {string} [content] */
function memory(content) {
  const items = new Map(content === undefined ? [] : [[key, content]]);
  return {
    items,
    getItem: (/** @type {string} */ name) => items.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ value) => void items.set(name, value),
    removeItem: (/** @type {string} */ name) => void items.delete(name),
  };
}

const denied = () => {
  throw new DOMException('denied', 'SecurityError');
};

test('a value is there for the next page, and the standard one takes no room', () => {
  const storage = memory();
  const settings = new Settings(storage);
  assert.equal(settings.get('undo'), true);
  assert.deepEqual(settings.get('keys'), standardKeys);
  settings.set('theme', 'dark');
  settings.set('volume', 0.5);
  settings.set('used', ['chess']);
  assert.deepEqual(JSON.parse(storage.items.get(key)), { theme: 'dark', volume: 0.5, used: ['chess'] });
  const next = new Settings(storage);
  assert.deepEqual([next.get('theme'), next.get('volume'), next.get('used')], ['dark', 0.5, ['chess']]);
  next.set('theme', 'auto');
  next.set('volume', 1);
  next.set('used', []);
  assert.equal(storage.items.size, 0);
});

test('nonsense counts as nothing', () => {
  for (const content of ['', 'x', '[]', '3', 'null', '{"theme":"pink","volume":7,"blur":"yes","keys":{"next":1},"used":[1],"consent":{}}']) {
    const storage = memory(content);
    const settings = new Settings(storage);
    assert.deepEqual(
      [settings.get('theme'), settings.get('volume'), settings.get('blur'), settings.get('keys'), settings.get('used'), settings.get('consent')],
      ['auto', 1, false, standardKeys, [], ''],
      content,
    );
    settings.set('camera', 'x');
    assert.equal(settings.get('camera'), 'x', content);
    assert.match(storage.items.get(key), /"camera":"x"/);
  }
});

test('without a storage, the page itself remembers', () => {
  const full = { ...memory(), setItem: denied };
  for (const storage of [null, { getItem: denied, setItem: denied, removeItem: denied }, full]) {
    const settings = new Settings(storage);
    settings.set('blur', true);
    settings.set('saver', true);
    assert.deepEqual([settings.get('blur'), settings.get('saver'), settings.get('undo')], [true, true, true]);
  }
});

test('who listens is told, of other windows too, and nobody else changes a value', () => {
  const storage = memory();
  const [here, there] = [new Settings(storage), new Settings(storage)];
  const told = /** @type {unknown[]} */ ([]);
  here.on('keys', (keys) => told.push(keys.mic));
  here.on('blur', (blur) => told.push(blur));
  here.get('keys').mic = 'x';
  assert.equal(here.get('keys').mic, 'm');
  here.set('keys', { ...standardKeys, mic: 'u' });
  there.set('blur', true);
  here.reload(); // as the storage event does
  assert.deepEqual(told, ['u', true]);
  there.set('saver', true); // and no event yet
  here.set('undo', false);
  assert.deepEqual(JSON.parse(storage.items.get(key)), { keys: { ...standardKeys, mic: 'u' }, blur: true, saver: true, undo: false });
  here.forget();
  assert.equal(storage.items.size, 0);
  assert.deepEqual(told, ['u', true, 'm', false]);
});

/** @param {import('node:test').TestContext} t @returns {Promise<Visitor>} with the dialog open */
async function open(t) {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  await visitor.page.getByRole('button', { name: 'Settings' }).click();
  return visitor;
}

const stored = (/** @type {Visitor} */ visitor) => visitor.page.evaluate((name) => JSON.parse(localStorage.getItem(name) ?? '{}'), key);

test('the dialog sets what the device remembers, and forgets all of it', async (t) => {
  const visitor = await open(t);
  const { page } = visitor;
  await page.getByRole('checkbox', { name: /blur/i }).check();
  await page.getByRole('checkbox', { name: /save data/i }).check();
  await page.getByRole('checkbox', { name: /undo/i }).uncheck();
  await page.locator('#settings [data-menu="theme"]').selectOption('dark');
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  assert.equal(await page.getAttribute('#theme', 'data-shows'), 'dark');
  await page.getByRole('button', { name: 'Done' }).click();
  assert.deepEqual(await stored(visitor), { blur: true, saver: true, undo: false, theme: 'dark' });
  await visitor.start('text', 'chess');
  await visitor.state('waiting');
  await page.reload();
  await page.click('#settings-open');
  assert.ok(await page.isChecked('[data-setting="blur"]'));
  assert.ok(!(await page.isChecked('[data-setting="undo"]')));
  const gone = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Forget everything' }).click();
  await gone;
  assert.deepEqual(await page.evaluate(() => [localStorage.length, document.cookie]), [0, '']);
  assert.equal(await page.getAttribute('html', 'data-theme'), null);
  assert.equal(await page.isChecked('#consent-adult'), false);
  assert.equal(await page.locator('#interests li').count(), 0);
  assert.deepEqual(visitor.errors, []);
});

test('shortcuts take another key, tell a conflict, and are reset or off', async (t) => {
  const visitor = await open(t);
  const { page } = visitor;
  await page.click('#keys summary');
  const mic = page.getByRole('button', { name: /^Microphone/ });
  const said = async () => page.innerText('#keys-said');
  const keys = async () => (await stored(visitor)).keys ?? standardKeys;
  await mic.focus();
  for (const [pressed, want, words] of [
    ['c', 'm', /^C is the key for “Camera/],
    ['Space', 'm', /needed to press buttons/],
    ['Escape', 'm', /^Esc is the key for “Next/],
    ['Control+u', 'm', /^Esc is/],
    ['U', 'u', /Microphone.*: U\./],
  ]) {
    if (pressed === 'c') await page.keyboard.press('Enter');
    await page.keyboard.press(String(pressed));
    assert.match(await said(), /** @type {RegExp} */ (words));
    assert.equal((await keys()).mic, want, `after ${pressed}`);
  }
  assert.ok(await page.isVisible('#settings'), 'Esc was for the key, not for the dialog');
  assert.match(await mic.innerText(), /U$/);
  await mic.click();
  await page.keyboard.press('Delete');
  assert.equal((await keys()).mic, '');
  await mic.click();
  await page.keyboard.press('Tab'); // leaves it as it is
  assert.equal((await keys()).mic, '');
  await page.click('#keys-off');
  assert.deepEqual(Object.values(await keys()).filter(Boolean), []);
  await page.click('#keys-reset');
  assert.deepEqual(await stored(visitor), {});
  await page.keyboard.press('Escape');
  await page.locator('#settings').waitFor({ state: 'hidden' });
  assert.deepEqual(visitor.errors, []);
});
