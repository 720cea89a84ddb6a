// Theme and language: what the visitor chooses, and the one cookie that remembers it.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

/** The page's background, which differs with the theme. @param {Visitor} visitor */
const paper = (visitor) => visitor.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
const light = 'rgb(251, 246, 238)';
const dark = 'rgb(22, 19, 31)';

/** @param {Visitor} visitor */
async function cookies(visitor) {
  const all = await visitor.page.context().cookies();
  return all.map(({ name, value, path, sameSite, secure }) => ({ name, value, path, sameSite, secure }));
}

for (const flags of [[], ['--tls-self-signed']]) {
  test(`the theme is switched at once, and remembered by a cookie ${flags}`, async (t) => {
    const daemon = await startDaemon(...flags);
    t.after(() => daemon.stop());
    const visitor = await Visitor.for(t, daemon.url, { serviceWorkers: 'block' }); // no certificate of our own is good enough for them
    const { page } = visitor;
    const button = page.getByRole('button', { name: /^theme/i });
    const cookie = { name: 'joingyd_prefs', path: '/', sameSite: 'Strict', secure: flags.length > 0 };
    assert.equal(await paper(visitor), light);
    assert.deepEqual(await cookies(visitor), []);
    await button.click();
    await button.click();
    assert.equal(await button.getAttribute('aria-label'), 'Theme: dark');
    assert.equal(await paper(visitor), dark);
    assert.equal(await page.getAttribute('meta[name="theme-color"]', 'content'), dark);
    assert.deepEqual(await cookies(visitor), [{ ...cookie, value: 'theme=dark' }]);
    const response = await page.goto(`${daemon.url}/rules`);
    assert.match((await response?.text()) ?? '', /<html[^>]* data-theme="dark"/);
    assert.equal(await paper(visitor), dark);
    await button.click();
    assert.equal(await paper(visitor), light);
    assert.deepEqual(await cookies(visitor), []);
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.equal(await paper(visitor), dark);
    await page.goto(daemon.url);
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
    assert.deepEqual(visitor.errors, []);
  });
}

test('without cookies the theme lasts by the settings, without both as long as the page', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  const { page } = visitor;
  await page.addInitScript(() => Object.defineProperty(document, 'cookie', { get: () => '', set() {} }));
  await page.goto(daemon.url);
  await page.click('#theme');
  await page.click('#theme');
  await page.goto(`${daemon.url}/rules`);
  await page.waitForSelector('html[data-theme="dark"]');
  await page.addInitScript(() => Object.defineProperty(window, 'localStorage', { get: () => { throw new DOMException('denied', 'SecurityError'); } }));
  await page.reload();
  await page.click('#theme');
  assert.equal(await page.getAttribute('html', 'data-theme'), 'light');
  assert.deepEqual(visitor.errors, []);
});

test('another language is chosen from the menu, and remembered', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  const { page } = visitor;
  const menu = page.locator('select.tool[data-menu="language"]');
  if ((await menu.count()) === 0) return t.skip('this site has one language');
  const code = await menu.locator('option:not(:checked)').first().getAttribute('value');
  await menu.selectOption(code);
  await page.waitForSelector(`html[lang="${code}"]`);
  assert.deepEqual((await cookies(visitor)).map(({ value }) => value), [`lang=${code}`]);
  await page.goto(`${daemon.url}/`);
  assert.equal(await page.getAttribute('html', 'lang'), code);
  await page.click('footer a[hreflang="en"]');
  await page.waitForSelector('html[lang="en"]');
  assert.deepEqual(await cookies(visitor), []);
  assert.deepEqual(visitor.errors, []);
});
