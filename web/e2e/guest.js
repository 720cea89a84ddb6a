// A visitor in any browser: what one does on the site, and what can be seen of
// it. The subclasses (visitor.js, firefox.js) say how their browser is driven.

import { setTimeout } from 'node:timers/promises';

export const patience = 30_000; // ms, for events; nothing asserts a duration of this length
const pause = 25; // ms between two looks at a condition

/** What every page runs before its own scripts: keeps what it can see, for the tests to read. */
export function observe() {
  const seen = { messages: [], peers: [], sockets: [], violations: [], held: null };
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
      seen.sockets.push(this);
      this.addEventListener('message', (event) => {
        if (!seen.held || !event.isTrusted) return void seen.messages.push(event.data);
        event.stopImmediatePropagation(); // the page gets it later
        seen.held.push(() => this.dispatchEvent(new MessageEvent('message', { data: event.data })));
      });
    }
  };
  document.addEventListener('securitypolicyviolation', (event) => seen.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
}

// What Firefox says of a file that its service worker was about to give to a page
// when that was left. A worker that throws or refuses is told of in other words.
const leftBehind = /^(Error: )?Failed to load .* A ServiceWorker intercepted the request and encountered an unexpected error\.$/;

/** @abstract */
export class Guest {
  errors = /** @type {string[]} */ ([]); // exceptions of the page, and what it wrote to the console as an error

  /**
   * @param {any} browser
   * @param {any} page of puppeteer or playwright, which have what is used here in common
   * @param {() => Promise<void>} close ends the visit
   */
  constructor(browser, page, close) {
    this.browser = browser;
    this.page = page;
    this.close = close;
    const note = (/** @type {string} */ error) => void (leftBehind.test(error) || this.errors.push(error));
    page.on('pageerror', (/** @type {unknown} */ error) => note(String(error)));
    page.on('console', (/** @type {{type: () => string, text: () => string}} */ message) => {
      if (message.type() === 'error') note(message.text());
    });
  }

  /**
   * Opens one, and closes it when the test ends.
   * @template {typeof Guest & {open: (...args: any[]) => Promise<any>}} T
   * @this {T}
   * @param {import('node:test').TestContext} t
   * @param {Parameters<T['open']>} args
   * @returns {Promise<InstanceType<T>>}
   */
  static async for(t, ...args) {
    const guest = await this.open(...args);
    t.after(() => guest.close());
    return guest;
  }

  /**
   * Runs a function in the page.
   * @template T
   * @param {(argument: any) => T} run without a closure: its source is sent
   * @param {unknown} [argument]
   * @returns {Promise<Awaited<T>>}
   */
  evaluate(run, argument) {
    return this.page.evaluate(run, argument);
  }

  /** @param {string} url */
  goto(url) {
    return this.page.goto(url);
  }

  /**
   * Waits until a function in the page returns true. It is asked from here, again
   * and again: what puppeteer has for that makes a function of a text, which the
   * site's policy forbids.
   * @param {(argument: any) => boolean | Promise<boolean>} run without a closure
   * @param {unknown} [argument]
   * @param {number} [within] ms
   */
  async until(run, argument, within = patience) {
    const end = performance.now() + within;
    while (!(await this.evaluate(run, argument))) {
      if (performance.now() > end) throw new Error(`not so within ${within} ms: ${run} of ${JSON.stringify(argument)}`);
      await setTimeout(pause);
    }
  }

  /**
   * Puts a text into a field, as if typed, in place of what is there.
   * @param {string} selector @param {string} text @returns {Promise<void>}
   */
  async fill(selector, text) {
    throw new Error('the browser must say how');
  }

  /** Presses a key in a field. @param {string} selector @param {'Enter'} key @returns {Promise<void>} */
  async press(selector, key) {
    throw new Error('the browser must say how');
  }

  /** Clicks on what can be seen. @param {string} selector @returns {Promise<void>} */
  async click(selector) {
    throw new Error('the browser must say how');
  }

  /** Ticks a box. @param {string} selector @returns {Promise<void>} */
  async check(selector) {
    throw new Error('the browser must say how');
  }

  /** Accepts what must be accepted and starts a chat. @param {'video' | 'text'} mode @param {string[]} interests */
  async start(mode, ...interests) {
    for (const interest of interests) {
      await this.fill('#interest-input', interest);
      await this.press('#interest-input', 'Enter');
    }
    await this.check('#consent-adult');
    await this.check('#consent-policy');
    await this.click(`#${mode}-chat`);
  }

  /** Waits for a state of the page. @param {string} state */
  async state(state) {
    await this.until((wanted) => document.documentElement.dataset.state === wanted, state);
  }

  /**
   * Waits until the live call has decoded at least this many frames of the
   * partner's video, and the page shows it.
   * @param {number} [frames]
   * @param {number} [within] ms
   */
  async decodes(frames = 1, within = patience) {
    await this.until(
      async (wanted) => {
        const video = /** @type {HTMLVideoElement} */ (document.querySelector('#remote-video'));
        if (video.videoWidth === 0 || video.paused) return false;
        // Not the element's own counter: in Firefox it stays at 0 for a stream.
        for (const peer of /** @type {any} */ (window).seen.peers) {
          if (peer.connectionState !== 'connected') continue;
          for (const report of (await peer.getStats()).values()) {
            if (report.type === 'inbound-rtp' && report.kind === 'video' && report.framesDecoded >= wanted) return true;
          }
        }
        return false;
      },
      frames,
      within,
    );
  }

  /** Writes a line into the chat. @param {string} text */
  async write(text) {
    await this.fill('#message', text);
    await this.press('#message', 'Enter');
  }

  /** Waits for a line of the chat. @param {string} from @param {string} text in any case */
  async reads(from, text) {
    await this.until(
      ([who, what]) => {
        const plain = (/** @type {string} */ s) => s.replace(/\s+/g, ' ').toLowerCase();
        return [...document.querySelectorAll(`#log li.line[data-from="${who}"]`)].some((line) => plain(line.textContent ?? '').includes(plain(what)));
      },
      [from, text],
    );
  }

  /** Has the page hear a message as if the server had sent it. @param {Record<string, unknown>} message */
  async hears(message) {
    await this.evaluate((data) => {
      const socket = /** @type {any} */ (window).seen.sockets.at(-1);
      socket.dispatchEvent(new MessageEvent('message', { data }));
    }, JSON.stringify(message));
  }

  /** The chat of now, or the last one. @returns {Promise<string>} */
  async pair() {
    return (await this.received('matched')).at(-1).pair;
  }

  /** Keeps from the page what the server sends, until release. */
  async hold() {
    await this.evaluate(() => void (/** @type {any} */ (window).seen.held = []));
  }

  async release() {
    await this.evaluate(() => {
      const { seen } = /** @type {any} */ (window);
      const { held } = seen;
      seen.held = null;
      for (const deliver of held) deliver();
    });
  }

  /** What the server sent, of one type. @param {string} type */
  async received(type) {
    const all = await this.evaluate(() => /** @type {any} */ (window).seen.messages);
    return all.map((/** @type {string} */ text) => JSON.parse(text)).filter((/** @type {any} */ m) => m.type === type);
  }

  /** Waits until the server has sent so many messages of a type. @param {string} type @param {number} count */
  async receives(type, count) {
    await this.until(
      ([wanted, n]) => /** @type {any} */ (window).seen.messages.filter((/** @type {string} */ m) => JSON.parse(m).type === wanted).length >= n,
      [type, count],
    );
  }

  /** Everything that the page got to see of the other side, as one text. */
  async everythingSeen() {
    return this.evaluate(async () => {
      const { messages, peers } = /** @type {any} */ (window).seen;
      const own = document.querySelector('body > script[type="module"]')?.textContent ?? ''; // the site's, the same for everybody
      const parts = [...messages, document.documentElement.outerHTML.replace(own, () => '')];
      for (const peer of peers) {
        if (peer.signalingState === 'closed') continue; // what it was told came in a message, which is kept
        parts.push(JSON.stringify(peer.remoteDescription), JSON.stringify(peer.currentRemoteDescription));
        for (const report of (await peer.getStats()).values()) {
          if (report.type.startsWith('remote') || report.type === 'candidate-pair' || report.type === 'transport') parts.push(JSON.stringify(report));
        }
      }
      return parts.join('\n');
    });
  }

  /**
   * The selected candidate pair of the live call: types, protocol and addresses. It
   * is waited for: on a busy machine browsers count a pair as in progress again
   * while an answer to its last check is out.
   * @returns {Promise<{local: any, remote: any}>}
   */
  async selectedPair() {
    const end = performance.now() + patience;
    for (;;) {
      const found = await this.evaluate(async () => {
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
      if (found) return found;
      if (performance.now() > end) throw new Error(`no pair of candidates was selected within ${patience} ms`);
      await setTimeout(pause);
    }
  }

  /** Every candidate of either side that the live call knows, as its statistics tell. */
  async candidates() {
    return this.evaluate(async () => {
      const found = /** @type {{type: string, candidateType: string, address: string}[]} */ ([]);
      for (const peer of /** @type {any} */ (window).seen.peers) {
        if (peer.connectionState !== 'connected') continue;
        for (const { type, candidateType, address } of (await peer.getStats()).values()) {
          if (type === 'local-candidate' || type === 'remote-candidate') found.push({ type, candidateType, address });
        }
      }
      return found;
    });
  }

  /** Content security policy violations so far. */
  violations() {
    return this.evaluate(() => /** @type {any} */ (window).seen.violations);
  }
}
