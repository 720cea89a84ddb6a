// What is remembered on the device: the module by itself, with a storage made here.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Settings, standardKeys } from '../static/js/settings.js';

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
