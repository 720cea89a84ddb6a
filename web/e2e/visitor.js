// A visitor: one real Chromium process with a fake camera, on the site.

import { chromium } from 'playwright-core';

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

const patience = 30_000; // ms, for events; nothing asserts a duration of this length

/** What every page runs before its own scripts: keeps what it can see, for the tests to read. */
function observe() {
  const seen = { messages: [], peers: [], violations: [] };
  Object.defineProperty(window, 'seen', { value: seen });
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      seen.peers.push(this);
    }
  };
  const NativeSocket = window.WebSocket;
  window.WebSocket = class extends NativeSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', (event) => seen.messages.push(event.data));
    }
  };
  document.addEventListener('securitypolicyviolation', (event) => seen.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
}

export class Visitor {
  /** @param {import('playwright-core').Browser} browser @param {import('playwright-core').Page} page */
  constructor(browser, page) {
    this.browser = browser;
    this.page = page;
    this.errors = [];
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
  }

  /**
   * Opens the start page in a new browser with a new profile.
   * @param {string} url
   * @param {{viewport?: {width: number, height: number}, executable?: string, args?: string[], colorScheme?: 'light' | 'dark'}} [options]
   */
  static async open(url, { viewport = { width: 1280, height: 800 }, executable = '/usr/bin/chromium', args = [], colorScheme = 'light' } = {}) {
    const browser = await chromium.launch({ executablePath: executable, args: [...flags, ...args] });
    try {
      const context = await browser.newContext({ viewport, colorScheme, ignoreHTTPSErrors: true });
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

  /**
   * Opens one, and closes it when the test ends.
   * @param {import('node:test').TestContext} t
   * @param {Parameters<typeof Visitor.open>} args
   */
  static async for(t, ...args) {
    const visitor = await Visitor.open(...args);
    t.after(() => visitor.close());
    return visitor;
  }

  /** Accepts what must be accepted and starts a chat. @param {'video' | 'text'} mode @param {string[]} interests */
  async start(mode, ...interests) {
    for (const interest of interests) {
      await this.page.fill('#interest-input', interest);
      await this.page.press('#interest-input', 'Enter');
    }
    await this.page.check('#consent-adult');
    await this.page.check('#consent-policy');
    await this.page.click(`#${mode}-chat`);
  }

  /** Waits for a state of the page. @param {string} state */
  async state(state) {
    await this.page.waitForSelector(`html[data-state="${state}"]`, { timeout: patience, state: 'attached' });
  }

  /**
   * Waits until the partner's video shows at least this many frames.
   * @param {number} [frames]
   * @param {number} [within] ms
   */
  async decodes(frames = 1, within = patience) {
    await this.page.waitForFunction(
      (wanted) => /** @type {HTMLVideoElement} */ (document.querySelector('#remote-video')).getVideoPlaybackQuality().totalVideoFrames >= wanted,
      frames,
      { timeout: within, polling: 20 },
    );
  }

  /** Writes a line into the chat. @param {string} text */
  async write(text) {
    await this.page.fill('#message', text);
    await this.page.press('#message', 'Enter');
  }

  /** Waits for a line of the chat. @param {string} from @param {string} text */
  async reads(from, text) {
    await this.page.locator(`#log li.line[data-from="${from}"]`, { hasText: text }).waitFor();
  }

  /** Everything that the page got to see of the other side, as one text. */
  async everythingSeen() {
    return this.page.evaluate(async () => {
      const { messages, peers } = /** @type {any} */ (window).seen;
      const parts = [...messages, document.documentElement.outerHTML];
      for (const peer of peers) {
        parts.push(JSON.stringify(peer.remoteDescription), JSON.stringify(peer.currentRemoteDescription));
        if (peer.signalingState === 'closed') continue;
        for (const report of (await peer.getStats()).values()) {
          if (report.type.startsWith('remote') || report.type === 'candidate-pair' || report.type === 'transport') parts.push(JSON.stringify(report));
        }
      }
      return parts.join('\n');
    });
  }

  /** The selected candidate pair of the live call: types, protocol and addresses. */
  async selectedPair() {
    return this.page.evaluate(async () => {
      for (const peer of /** @type {any} */ (window).seen.peers) {
        if (peer.connectionState !== 'connected') continue;
        const stats = await peer.getStats();
        for (const report of stats.values()) {
          if (report.type !== 'candidate-pair' || !report.nominated || report.state !== 'succeeded') continue;
          return { local: stats.get(report.localCandidateId), remote: stats.get(report.remoteCandidateId) };
        }
      }
      return null;
    });
  }

  /** Content security policy violations so far. */
  violations() {
    return this.page.evaluate(() => /** @type {any} */ (window).seen.violations);
  }

  async close() {
    await this.browser.close();
  }
}
