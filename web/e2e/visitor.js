// A visitor: one real Chromium process with a fake camera, on the site.

import { chromium } from 'playwright-core';

import { Guest, observe, patience } from './guest.js';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

export class Visitor extends Guest {
  /**
   * Opens the start page in a new browser with a new profile.
   * @param {string} url
   * @param {{viewport?: {width: number, height: number}, executable?: string, args?: string[], colorScheme?: 'light' | 'dark', permissions?: string[], serviceWorkers?: 'allow' | 'block'}} [options]
   */
  static async open(url, { viewport = { width: 1280, height: 800 }, executable = '/usr/bin/chromium', args = [], colorScheme = 'light', permissions = ['camera', 'microphone'], serviceWorkers = 'allow' } = {}) {
    const browser = await chromium.launch({ executablePath: executable, args: [...flags, ...args] });
    try {
      const context = await browser.newContext({ viewport, colorScheme, permissions, serviceWorkers, ignoreHTTPSErrors: true });
      const page = await context.newPage();
      page.setDefaultTimeout(patience);
      await page.addInitScript(observe);
      const visitor = new Visitor(browser, page);
      await page.goto(url);
      return visitor;
    } catch (error) {
      await browser.close();
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
