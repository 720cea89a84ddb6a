// What the visitor likes and speaks: tags, suggestions that stay on the device, languages.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

/** @param {import('node:test').TestContext} t */
async function arrive(t) {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  return { daemon, visitor, page: visitor.page };
}

const tags = (/** @type {Visitor} */ visitor) => visitor.page.locator('#interests li').evaluateAll((items) => items.map((item) => item.firstChild?.textContent));
const options = (/** @type {Visitor} */ visitor) => visitor.page.locator('#suggestion-list:visible li').allInnerTexts();
const settings = (/** @type {Visitor} */ visitor) => visitor.page.evaluate(() => JSON.parse(localStorage.getItem('joingyd.settings') ?? '{}'));

test('suggestions are chosen by keyboard, and nothing is sent while typing', async (t) => {
  const { visitor, page } = await arrive(t);
  const input = page.getByRole('combobox', { name: /what do you like/i });
  const sent = /** @type {string[]} */ ([]);
  page.on('request', (request) => sent.push(request.url()));
  await input.click();
  assert.equal(await input.getAttribute('aria-expanded'), 'true');
  await input.pressSequentially('ga');
  assert.deepEqual(await options(visitor), ['games', 'gardening']);
  await input.press('ArrowDown');
  await input.press('ArrowDown');
  const active = page.locator(`#${await input.getAttribute('aria-activedescendant')}`);
  assert.equal(await active.innerText(), 'gardening');
  assert.equal(await active.getAttribute('aria-selected'), 'true');
  await input.press('ArrowDown'); // back to the text
  assert.equal(await input.getAttribute('aria-activedescendant'), null);
  await input.press('ArrowUp');
  await input.press('Enter');
  assert.deepEqual(await tags(visitor), ['gardening']);
  assert.equal(await input.inputValue(), '');
  await input.press('ArrowDown');
  assert.equal(await input.getAttribute('aria-expanded'), 'true');
  await input.press('Escape');
  assert.equal(await input.getAttribute('aria-expanded'), 'false');
  assert.deepEqual(sent.filter((url) => !/\/api\/online$|\/logo\.svg$/.test(url)), []);
  assert.deepEqual(visitor.errors, []);
});

test('what was used before comes first, and can be forgotten', async (t) => {
  const { visitor, page } = await arrive(t);
  const input = page.locator('#interest-input');
  await input.fill('Zen, yoga');
  await input.press('Enter');
  await page.locator('#interests button').first().click();
  await page.locator('#interests button').first().click();
  assert.deepEqual(await tags(visitor), []);
  await page.reload();
  await input.click();
  assert.deepEqual((await options(visitor)).slice(0, 3), ['yoga', 'Zen', 'music']);
  await page.locator('#suggestion-list li', { hasText: 'Zen' }).click();
  assert.deepEqual(await tags(visitor), ['Zen']);
  assert.deepEqual((await settings(visitor)).used, ['Zen', 'yoga']);
  await input.press('ArrowDown');
  await page.click('#suggestions-forget');
  assert.equal((await settings(visitor)).used, undefined);
  assert.equal((await options(visitor))[0], 'music');
  for (let i = 0; i < 35; i++) {
    await input.fill(`tag ${i},`);
    await page.locator('#interests button').last().click();
  }
  const { used } = await settings(visitor);
  assert.equal(used.length, 30);
  assert.equal(used[0], 'tag 34');
  assert.deepEqual(visitor.errors, []);
});

test('languages are those of the browser until others are chosen, and are sent', async (t) => {
  const { visitor, page } = await arrive(t);
  const hellos = /** @type {any[]} */ ([]);
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => hellos.push(JSON.parse(String(payload)))));
  const sent = async () => {
    await visitor.start('text');
    await visitor.state('waiting');
    await page.click('#stop');
    await visitor.state('start');
    return hellos.findLast(({ type }) => type === 'hello').languages;
  };
  assert.deepEqual(await sent(), ['en']);
  assert.equal(await page.innerText('#speaks-now'), 'English');
  await page.click('.speaks summary');
  await page.selectOption('#speaks-add', { label: 'German' });
  await page.selectOption('#speaks-add', { label: 'Arabic' });
  await page.getByRole('button', { name: 'Remove English' }).click();
  assert.equal(await page.innerText('#speaks-now'), 'German and Arabic');
  assert.deepEqual(await sent(), ['de', 'ar']);
  await page.reload();
  assert.equal(await page.innerText('#speaks-now'), 'German and Arabic');
  assert.deepEqual((await settings(visitor)).languages, ['de', 'ar']);
  assert.deepEqual(visitor.errors, []);
});
