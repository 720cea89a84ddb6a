// What everybody must be able to reach: on a screen of 320 px, with a finger, without
// motion, and by keyboard alone.

import assert from 'node:assert/strict';

/** @typedef {import('playwright-core').Page} Page */

const controls = 'a[href], button, input, select, textarea, summary, [tabindex]';

/** What sticks out to the side. @param {Page} page */
export function sideways(page) {
  return page.evaluate(() => {
    const boxes = [document.documentElement, ...document.querySelectorAll('dialog[open], :popover-open')];
    return boxes.filter((box) => box.scrollWidth > box.clientWidth).map((box) => `${box.tagName} is ${box.scrollWidth} wide in ${box.clientWidth}`);
  });
}

/**
 * Targets of less than 24 by 24 px (WCAG 2.5.8) that are not part of a sentence.
 * @param {Page} page
 */
export function smallTargets(page) {
  return page.evaluate((selector) => {
    const isInText = (/** @type {Element} */ e) =>
      e.tagName === 'A' && [...(e.parentElement?.childNodes ?? [])].some((n) => n.nodeType === Node.TEXT_NODE && /\w/.test(n.textContent ?? ''));
    const small = [];
    for (const e of document.querySelectorAll(selector)) {
      const box = (e.closest('label') ?? e).getBoundingClientRect(); // who hits the label hits the box
      const out = box.bottom < 0 || e.matches('.skip:not(:focus)'); // shown when it has the focus
      if (out || !e.checkVisibility({ visibilityProperty: true }) || isInText(e) || box.width === 0) continue;
      if (box.width < 24 || box.height < 24) small.push(`${e.outerHTML.slice(0, 80)} is ${box.width} × ${box.height}`);
    }
    return small;
  }, controls);
}

/** Animations that run. @param {Page} page */
export function motion(page) {
  return page.evaluate(() =>
    document
      .getAnimations()
      .filter((a) => a.playState === 'running' && Number(a.effect?.getComputedTiming().activeDuration) > 100)
      .map((a) => `${/** @type {KeyframeEffect} */ (a.effect).target?.outerHTML.slice(0, 80)}: ${/** @type {CSSAnimation} */ (a).animationName}`),
  );
}

/**
 * Goes through the page with Tab and returns what is wrong: a control that is not
 * reached, an order that is not the page's, a focus that cannot be seen.
 * @param {Page} page
 */
export async function tabThrough(page) {
  const wanted = await page.evaluate((selector) => {
    const root = document.querySelector('dialog[open], :popover-open') ?? document.body;
    const begin = document.createElement('span'); // where Tab goes on from
    begin.id = 'tab-begins';
    begin.tabIndex = -1;
    root.prepend(begin);
    begin.focus();
    const radios = new Set();
    /** @type {any} */ (window).later = new Set([...root.querySelectorAll(selector)].filter((e) => !e.checkVisibility({ visibilityProperty: true })));
    const all = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]).filter((e) => {
      if (e.matches(':disabled') || !e.checkVisibility({ visibilityProperty: true }) || e.closest('[inert]')) return false;
      if (e.tabIndex < 0) return e.matches('a, button, input, select, textarea') && !e.closest('[role="toolbar"], [role="radiogroup"], [role="tablist"]'); // arrows go there
      if (!(e instanceof HTMLInputElement) || e.type !== 'radio') return true;
      return !radios.has(e.name) && radios.add(e.name); // Tab stops once in a group
    });
    Object.assign(window, { wanted: all, root });
    return all.map((e) => e.outerHTML.slice(0, 80));
  }, controls);

  const wrong = [];
  const reached = /** @type {number[]} */ ([]);
  for (let presses = 0; presses < wanted.length + 3; presses++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body || e.tagName === 'DIALOG' || !/** @type {any} */ (window).root.contains(e)) return null;
      const ringed = (/** @type {CSSStyleDeclaration} */ style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
      const box = e.getBoundingClientRect();
      const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 12)];
      const top = document.elementFromPoint(x, y);
      const group = (/** @type {Element} */ a) => a instanceof HTMLInputElement && a.type === 'radio' && a.name;
      return {
        index: /** @type {any} */ (window).wanted.findIndex((/** @type {Element} */ w) => w === e || (group(e) && group(w) === group(e))),
        later: /** @type {any} */ (window).later.has(e), // it came with the focus before it, as suggestions do
        what: e.outerHTML.slice(0, 80),
        ringed: [e, e.parentElement].some((part) => part && ringed(getComputedStyle(part))), // a box may be ringed with its field
        onTop: top !== null && (e.contains(top) || top.contains(e) || top.closest('label') === e.closest('label')),
      };
    });
    if (at === null) {
      if (reached.length > 0) break; // out of the page, into the browser's own controls; or out of the menu
      continue;
    }
    if (at.index === reached[0] && reached.length > 1) break; // and in again
    if (at.later) continue;
    if (at.index < 0) wrong.push(`Tab stops at ${at.what}`);
    if (!at.ringed) wrong.push(`the focus does not show: ${at.what}`);
    if (!at.onTop) wrong.push(`something hides the focus: ${at.what}`);
    if (at.index >= 0 && at.index < Math.max(-1, ...reached)) wrong.push(`out of order: ${at.what}`);
    reached.push(at.index);
  }
  await page.evaluate(() => document.querySelector('#tab-begins')?.remove());
  wanted.forEach((what, i) => reached.includes(i) || wrong.push(`not reached: ${what}`));
  return { wrong, stops: reached.length };
}

/** All of these, noted by what is wrong. */
export function inspector() {
  const found = /** @type {Record<string, string[]>} */ ({});
  let stops = 0;
  const note = (/** @type {string[]} */ all, /** @type {string} */ where) => all.forEach((what) => (found[what] ??= []).push(where));
  return {
    /** @param {string} where @param {Page} page */
    async look(where, page) {
      note(await sideways(page), where);
      note(await smallTargets(page), where);
      note(await motion(page), where);
    },
    /** @param {string} name @param {Page} page */
    async walk(name, page) {
      const walk = await tabThrough(page);
      stops += walk.stops;
      note(walk.wrong, `${name} by keyboard`);
    },
    /** @param {import('node:test').TestContext} t */
    done(t) {
      t.diagnostic(`figure: ${stops} stops of the Tab key`);
      assert.deepEqual(found, {});
    },
  };
}
