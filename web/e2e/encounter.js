// Two visitors in a chat, and what one of them may do there.

/** @typedef {import('./visitor.js').Visitor} Visitor */

/** @param {Visitor} visitor @param {Record<string, unknown>} settings */
export async function prefer({ page }, settings) {
  await page.evaluate((all) => localStorage.setItem('joingyd.settings', JSON.stringify(all)), settings);
  await page.reload();
}

/** @param {Visitor} a @param {Visitor} b @param {'video' | 'text'} mode @param {string[]} interests */
export async function meet(a, b, mode, ...interests) {
  await a.start(mode, ...interests);
  await a.state('waiting');
  await b.start(mode, ...interests);
  await Promise.all([a.state('chatting'), b.state('chatting')]);
}

/** How often the server said something of this type. @param {Visitor} visitor @param {string} type */
export const heard = ({ page }, type) =>
  page.evaluate((wanted) => /** @type {any} */ (window).seen.messages.filter((/** @type {string} */ m) => JSON.parse(m).type === wanted).length, type);

/** Opens the menu, where a control in it is not in reach otherwise, and presses it. @param {Visitor} visitor @param {string} control */
export async function choose({ page }, control) {
  await page.click('#more');
  await page.click(control);
  await page.keyboard.press('Escape');
  await page.locator('#menu').waitFor({ state: 'hidden' });
}
