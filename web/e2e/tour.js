// A walk through every page and state of the site, for tests that look at each.

import { startDaemon } from './daemon.js';
import { choose } from './encounter.js';
import { Visitor } from './visitor.js';

/** @typedef {import('playwright-core').Page} Page */

/**
 * What is done at each stop.
 * @callback Look
 * @param {string} name
 * @param {Page} page
 * @param {() => Promise<void>} [again] brings the state back, which a window of another size ends
 * @returns {Promise<void>}
 */

/**
 * Visits the pages that the site itself links to, and one that is not there.
 * @param {import('node:test').TestContext} t
 * @param {Look} look
 */
export async function tourPages(t, look) {
  const daemon = await startDaemon('--site-contact', 'mail@example.org');
  t.after(() => daemon.stop());
  const { page } = await Visitor.for(t, daemon.url);
  const links = await page.locator('footer a[href^="/"]').evaluateAll((all) => all.map((a) => a.getAttribute('href') ?? ''));
  for (const link of [...new Set(links), '/none']) {
    await page.goto(new URL(link, daemon.url).href);
    await look(link, page);
  }
  return links;
}

/**
 * Brings a visitor into every state of the start and chat page.
 * @param {import('node:test').TestContext} t
 * @param {Look} look
 */
export async function tourStates(t, look) {
  const daemon = await startDaemon('--match-patience', '300ms');
  t.after(() => daemon.stop());
  const args = ['--use-fake-device-for-media-stream=fps=10,device-count=2']; // there is something to choose from
  const [visitor, partner] = await Promise.all([Visitor.for(t, daemon.url, { args }), Visitor.for(t, daemon.url, { args })]);
  const { page } = visitor;
  const cut = await cuttable(page);

  await page.goto(daemon.url);
  await visitor.fill('#interest-input', 'jazz');
  await visitor.press('#interest-input', 'Enter');
  await visitor.until(() => document.querySelector('#interests')?.childElementCount === 1);
  await look('start', page);
  await dialogs(visitor, look);
  await problems(daemon.url, visitor, look);

  for (const mode of /** @type {const} */ (['text', 'video'])) {
    await page.goto(daemon.url);
    await visitor.start(mode, 'hiking');
    await visitor.state('waiting');
    await look(`waiting ${mode}`, page);
    await partner.goto(daemon.url);
    await partner.start(mode, 'hiking');
    await Promise.all([visitor.state('chatting'), partner.state('chatting')]);
    if (mode === 'video') await visitor.decodes(5);
    await talk(visitor, partner);
    await look(`chatting ${mode}`, page);
    if (mode === 'video') {
      await inCall(visitor, look);
      await choose(visitor, '#blur');
      await page.locator('#lift').waitFor();
      await page.evaluate(() => { // as if the server had asked for it
        const why = /** @type {HTMLElement} */ (document.querySelector('#veiled'));
        why.textContent = 'A program thinks that this may be a pornographic drawing. Show it only if you want to.';
        why.hidden = false;
      });
      cut();
      await page.locator('#banner').waitFor();
      await look(`blurred and reconnecting ${mode}`, page);
    } else {
      await page.click('#report');
      await page.locator('#report-dialog[open]').waitFor();
      await look(`report ${mode}`, page);
      await page.keyboard.press('Escape');
      await page.locator('#report-dialog').waitFor({ state: 'hidden' });
      await page.click('#stop');
      await visitor.state('left');
      await look(`left ${mode}`, page);
    }
  }

  await partner.goto(daemon.url);
  await partner.start('text');
  await daemon.control('ban', '127.0.0.1', '--force', '--permanent', '--reason', 'Nudity');
  await partner.state('banned');
  await look('banned', partner.page);
}

/** What opens on the start page. @param {Visitor} visitor @param {Look} look */
async function dialogs({ page }, look) {
  await page.check('#consent-adult');
  await page.check('#consent-policy');
  await page.click('#check-camera');
  await page.locator('#preview-start:enabled').waitFor();
  await page.locator('#preview-camera:enabled').waitFor();
  await page.locator('#preview-heard', { hasText: /works/ }).waitFor();
  await look('preview', page);
  await page.click('#preview-close');

  await page.click('#settings-open');
  await page.click('#keys summary');
  await page.click('#keys [data-action="mic"]');
  await page.locator('#keys .waiting').waitFor();
  await look('settings', page);
  await page.click('#settings [type="submit"]');
}

/** What opens in a call. @param {Visitor} visitor @param {Look} look */
async function inCall({ page }, look) {
  const menu = page.locator('#menu');
  const open = async () => {
    if (!(await menu.isVisible())) await page.click('#more');
  };
  await open();
  await look('menu', page, open);
  await open();
  await page.click('#help-open');
  await page.locator('#help-keys dt').first().waitFor();
  await look('help', page);
  await page.click('#help-close');

  await page.evaluate(() => { // Next by a key, and the two seconds for its undoing never end
    const { setTimeout } = window;
    Object.assign(window, { setTimeout: () => 0 });
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    Object.assign(window, { setTimeout });
  });
  await page.locator('#toast').waitFor();
  await look('Next to be undone', page);
  await page.click('#undo');
}

/** The start page when something is wrong. @param {string} url @param {Visitor} visitor @param {Look} look */
async function problems(url, visitor, look) {
  const { page } = visitor;
  const bare = await page.context().newPage();
  await bare.addInitScript(() => Reflect.deleteProperty(window, 'RTCPeerConnection'));
  await bare.goto(url);
  await bare.locator('#support').waitFor();
  await look('no WebRTC', bare);
  await bare.close();

  await page.goto(url);
  await visitor.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  });
  await visitor.start('video');
  await page.locator('#notice').waitFor();
  await look('camera refused', page);

  await page.goto(url);
  await visitor.evaluate(() => {
    document.documentElement.dataset.policy = 'of-yesterday';
  });
  await visitor.start('text');
  await page.locator('#notice').waitFor();
  await look('consent asked again', page);
}

/** Lines of both, and one being written. @param {Visitor} visitor @param {Visitor} partner */
async function talk(visitor, partner) {
  await partner.write('Which trail did you like best? https://example.com/a-long-address-without-a-single-place-to-break-it/0123456789');
  await partner.write('The one round the lake.');
  await visitor.reads('them', 'round the lake');
  await visitor.write('Mine too');
  await partner.reads('them', 'Mine too');
  await partner.page.locator('#message').pressSequentially('Hm');
  await visitor.page.locator('#typing').waitFor();
}

/** Makes the page's socket one that can be cut for good, from its next load on. @param {Page} page */
async function cuttable(page) {
  let lost = false;
  let close = () => {};
  await page.routeWebSocket(/\/ws$/, (socket) => {
    if (lost) return void socket.close({ code: 4000 });
    const server = socket.connectToServer();
    close = () => {
      void server.close({ code: 4000 });
      void socket.close({ code: 4000 });
    };
  });
  return () => {
    lost = true;
    close();
  };
}

/** Waits until the page is drawn as it is now. @param {Page} page */
export async function drawn(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}
