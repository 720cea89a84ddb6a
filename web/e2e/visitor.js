// A visitor with real Chromium and a fake camera, on the site.

import { after } from 'node:test';

import { chromium } from 'playwright-core';

import { Guest, observe, patience } from './guest.js';

const tests = process.env.NODE_TEST_CONTEXT !== undefined; // set by `node --test`

// Playwright's own list of these, which a second one replaces, and what draws the address bar: two
// pages of the browser's in every profile, that cost more than the site's.
const without = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
  'SpareRendererForSitePerProcess',
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxFullPopup',
];

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--disable-features=${without.join(',')}`,
  `--use-fake-device-for-media-stream${tests ? '=fps=10' : ''}`, // more would show no more, and is half of a call's work
  '--use-fake-ui-for-media-stream',
];

/**
 * Browsers that run, by their command line, with how many visitors they have. A start
 * costs more than most of what is tested, so visitors share a browser, each with a
 * profile of its own: in a file of tests until its end, else while there are any.
 * @type {Map<string, {started: Promise<import('playwright-core').Browser>, visitors: number}>}
 */
const running = new Map();
if (tests) after(() => Promise.all([...running.values()].map(async ({ started }) => (await started).close())));

/**
 * @typedef {object} Options
 * @property {{width: number, height: number}} [viewport]
 * @property {boolean} [own] a browser of the visitor's own
 * @property {string} [executable]
 * @property {string[]} [args] of the browser
 * @property {'light' | 'dark'} [colorScheme]
 * @property {string[]} [permissions]
 * @property {'allow' | 'block'} [serviceWorkers]
 */

export class Visitor extends Guest {
  /**
   * Opens the start page with a new profile.
   * @param {string} url
   * @param {Options} [options]
   */
  static async open(url, { viewport = { width: 1280, height: 800 }, own = false, executable = '/usr/bin/chromium', args = [], colorScheme = 'light', permissions = ['camera', 'microphone'], serviceWorkers = 'allow' } = {}) {
    const which = JSON.stringify([executable, args, own && crypto.randomUUID()]);
    const browser = running.get(which) ?? { started: chromium.launch({ executablePath: executable, args: [...flags, ...args] }), visitors: 0 };
    running.set(which, browser);
    browser.visitors++;
    const leave = async () => {
      if (--browser.visitors > 0 || (tests && !own)) return;
      running.delete(which);
      await (await browser.started).close();
    };
    try {
      const started = await browser.started;
      const context = await started.newContext({ viewport, colorScheme, permissions, serviceWorkers, ignoreHTTPSErrors: true });
      const page = await context.newPage();
      page.setDefaultTimeout(patience);
      await page.addInitScript(observe);
      const visitor = new Visitor(started, page, async () => {
        await context.close();
        await leave();
      });
      await page.goto(url);
      return visitor;
    } catch (error) {
      await leave();
      throw error;
    }
  }

  /** @override */
  fill(selector, text) {
    return this.page.fill(selector, text);
  }

  /** @override */
  press(selector, key) {
    return this.page.press(selector, key);
  }

  /** @override */
  click(selector) {
    return this.page.click(selector);
  }

  /** @override */
  check(selector) {
    return this.page.check(selector);
  }
}
