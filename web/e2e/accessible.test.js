// Every page and state of the site, for everybody: what axe-core finds, and what can be
// reached. One walk for both, as the way to a state takes longer than a look at it.

import assert from 'node:assert/strict';
import test from 'node:test';

import { audit, auditor } from './axe.js';
import { startDaemon } from './daemon.js';
import { inspector, motion, sideways, smallTargets, tabThrough } from './reach.js';
import { drawn, tourPages, tourStates } from './tour.js';
import { Visitor } from './visitor.js';

/** @typedef {import('./tour.js').Look} Look */

// What is looked at, in each size of the window.
const views = /** @type {const} */ ([
  { width: 390, height: 800, colorScheme: 'light', axe: true, reach: false },
  { width: 320, height: 568, colorScheme: 'light', axe: false, reach: true },
  { width: 1280, height: 800, colorScheme: 'dark', axe: true, reach: true },
]);

/** Everything that is looked at, at each stop. @param {import('node:test').TestContext} t */
function examiner(t) {
  const [audits, reach] = [auditor(t), inspector()];
  return {
    /** @type {Look} */
    async look(name, page, again) {
      for (const { width, height, colorScheme, ...looks } of views) {
        const where = `${name} at ${width}`;
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await drawn(page);
        await again?.();
        if (looks.axe) await audits.look(where, page);
        if (looks.reach) await reach.look(where, page);
      }
      await reach.walk(name, page);
    },
    done() {
      audits.done();
      reach.done(t);
    },
  };
}

test('every state of a visit is accessible', async (t) => {
  const { look, done } = examiner(t);
  await tourStates(t, look);
  done();
});

test('every page is accessible', async (t) => {
  const { look, done } = examiner(t);
  const links = await tourPages(t, look);
  assert.ok(links.length >= 10, `the footer links to ${links}`);
  done();
});

test('axe can find something: a label that is gone, and grey on grey', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const { page } = await Visitor.for(t, daemon.url);
  assert.deepEqual((await audit(page)).broken, []);
  await page.evaluate(() => {
    document.querySelector('label[for="interest-input"]')?.remove();
    /** @type {HTMLInputElement} */ (document.querySelector('#interest-input')).placeholder = '';
    const link = /** @type {HTMLElement} */ (document.querySelector('footer a'));
    link.style.color = '#999';
    link.style.backgroundColor = '#aaa';
  });
  const { broken } = await audit(page);
  assert.ok(broken.some((line) => line.startsWith('label #interest-input')), broken.join('\n'));
  assert.ok(broken.some((line) => line.startsWith('color-contrast')), broken.join('\n'));
});

test('what is out of reach is noticed', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  const { page } = visitor;
  await visitor.start('text');
  await visitor.state('waiting');
  assert.notDeepEqual(await motion(page), [], 'the search is drawn with motion, for those who like it');

  await page.goto(daemon.url);
  await page.evaluate(() => {
    const link = /** @type {HTMLElement} */ (document.querySelector('footer a'));
    Object.assign(link.style, { display: 'block', minWidth: '2000px', height: '20px', fontSize: '10px' });
    /** @type {HTMLElement} */ (document.querySelector('#interest-input')).tabIndex = -1;
    /** @type {HTMLElement} */ (document.querySelector('#consent-adult')).style.outline = 'none';
  });
  assert.equal((await sideways(page)).length, 1);
  assert.match((await smallTargets(page)).join(), /2000 × 20/);
  const { wrong } = await tabThrough(page);
  assert.ok(wrong.some((what) => /^not reached: .*interest-input/.test(what)), wrong.join('\n'));
  assert.ok(wrong.some((what) => /^the focus does not show: .*consent-adult/.test(what)), wrong.join('\n'));
});
