// A visitor with Debian's Firefox, which puppeteer drives over WebDriver BiDi
// (playwright wants a Firefox that it has patched).

import puppeteer from 'puppeteer-core';

import { Guest, observe, patience } from './guest.js';

const preferences = {
  'media.navigator.streams.fake': true, // a made-up camera and microphone,
  'media.navigator.permission.disabled': true, // granted without a question
  'media.peerconnection.ice.loopback': true, // the relay is on this machine
  'media.autoplay.default': 0,
  'media.gmp-manager.updateEnabled': false,
  'media.gmp-provider.enabled': false, // no codec is fetched from anybody
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.enabled': false,
  'app.update.enabled': false,
  'app.normandy.enabled': false,
  'services.settings.server': 'data:,', // heeded with the variable set below
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

/**
 * Sends what is for this machine to a proxy if one is given, and what the browser
 * still wants from elsewhere to a port that nobody listens on.
 * @param {number} [port] of a proxy on this machine
 */
function throughProxy(port) {
  const proxy = { http: '127.0.0.1', http_port: port ?? 9, ssl: '127.0.0.1', ssl_port: port ?? 9 };
  return {
    'network.proxy.type': 1,
    ...Object.fromEntries(Object.entries(proxy).map(([name, value]) => [`network.proxy.${name}`, value])),
    'network.proxy.allow_hijacking_localhost': port !== undefined,
    'network.proxy.no_proxies_on': port === undefined ? 'localhost, 127.0.0.1' : '',
  };
}

export class FirefoxVisitor extends Guest {
  /**
   * Opens the start page in a new browser with a new profile.
   * @param {string} url
   * @param {{viewport?: {width: number, height: number}, proxy?: number}} [options]
   */
  static async open(url, { viewport = { width: 1280, height: 800 }, proxy } = {}) {
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: '/usr/bin/firefox-esr',
      headless: true,
      defaultViewport: viewport,
      acceptInsecureCerts: true,
      env: { ...process.env, MOZ_REMOTE_SETTINGS_DEVTOOLS: '1' },
      extraPrefsFirefox: { ...preferences, ...throughProxy(proxy) },
    });
    try {
      const [page] = await browser.pages();
      page.setDefaultTimeout(patience);
      await page.evaluateOnNewDocument(observe);
      const visitor = new FirefoxVisitor(browser, page, () => browser.close());
      await page.goto(url);
      return visitor;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** @override */
  async fill(selector, text) {
    await this.page.evaluate(
      ([where, what]) => {
        const field = /** @type {HTMLInputElement} */ (document.querySelector(where));
        field.focus();
        field.value = what;
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      },
      [selector, text],
    );
  }

  /** @override */
  async press(selector, key) {
    await this.page.focus(selector);
    await this.page.keyboard.press(key);
  }

  /** @override */
  async click(selector) {
    await this.until((where) => {
      const e = /** @type {HTMLButtonElement | null} */ (document.querySelector(where));
      return e !== null && e.checkVisibility() && !e.disabled;
    }, selector);
    await this.page.click(selector);
  }

  /** @override */
  async check(selector) {
    const checked = await this.page.evaluate((where) => /** @type {HTMLInputElement} */ (document.querySelector(where)).checked, selector);
    if (!checked) await this.click(selector);
  }

  /**
   * Permissions cannot be given ahead here, so the page shows the camera first.
   * @override
   */
  async start(mode, ...interests) {
    await super.start(mode, ...interests);
    if (mode === 'text') return;
    await this.until(() => {
      const start = /** @type {HTMLButtonElement} */ (document.querySelector('#preview-start'));
      return document.documentElement.dataset.state !== 'start' || (start.checkVisibility() && !start.disabled);
    });
    if (await this.evaluate(() => document.documentElement.dataset.state === 'start')) await this.click('#preview-start');
  }
}
