// @ts-check
// The connection to the matchmaker: one session of joingy.v1, over as many
// WebSockets as it takes.

import { keepReceipt } from './receipt.js';
import { spoken } from './speaks.js';

/** @typedef {import('./types.js').ServerMessage} ServerMessage */

/**
 * @typedef {object} Handlers
 * @property {(m: ServerMessage, resumed: boolean, restarted: boolean) => void} welcome there is a session; resumed: still the same one; restarted: in another daemon, whose relay knows nothing of before
 * @property {(m: ServerMessage) => void} message any other message
 * @property {(policy: string) => void} consent this version must be accepted first; the connection is closed
 * @property {(seconds: number, failed: number) => void} down the socket is lost and is tried again after so many seconds; failed: how many in a row did not open at all
 * @property {() => Promise<boolean>} refused the server refused the socket; resolves to whether that is final
 * @property {(code: number, why: string) => void} closed the server ended it, for good; why: in a moderator's words, if they said
 */

const subprotocol = 'joingy.v1';
const dialTimeout = 15_000; // ms
const longestDelay = 30_000; // ms

export class Connection {
  #handlers;
  #policy = '';
  /** @type {WebSocket | null} */
  #socket = null;
  #session = '';
  #resume = '';
  #ack = 0; // the last seq seen
  #ready = false; // welcome was seen on this socket
  #restarted = false; // the daemon has ended since
  /** @type {ServerMessage[]} */
  #signals = []; // of the partner, that came before it: to answer them takes its credentials
  #attempt = 0;
  #failed = 0; // sockets in a row that did not open
  #why = ''; // what a moderator said as they ended the session
  #timer = 0;

  /** @param {Handlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
    addEventListener('online', () => {
      if (this.#timer) this.#dial();
    });
  }

  /** Whether messages can be sent. */
  get ready() {
    return this.#ready;
  }

  /**
   * Starts, or goes on with, a session of a visitor who accepted this policy.
   * @param {string} policy version
   */
  open(policy) {
    this.#policy = policy;
    if (!this.#socket) this.#dial();
  }

  /**
   * Sends a message, and reports whether there was a session to send it on.
   * Nothing is queued: what still matters after a loss is for the caller to know.
   * @param {{type: string, [field: string]: unknown}} message
   */
  send(message) {
    if (!this.#ready || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Ends the session. */
  close() {
    const socket = this.#socket;
    this.#forget();
    socket?.close(1000);
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#socket = null;
    this.#session = this.#resume = this.#why = '';
    this.#ack = this.#attempt = this.#failed = 0;
    this.#ready = this.#restarted = false;
    this.#signals = [];
  }

  #dial() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const url = new URL('/ws', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url, subprotocol);
    this.#socket = socket;
    let opened = false;
    const timeout = setTimeout(() => socket.close(), dialTimeout);
    socket.onopen = () => {
      clearTimeout(timeout);
      opened = true;
      if (socket === this.#socket) this.#hello();
      else socket.close(1000);
    };
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    };
    socket.onclose = (event) => {
      clearTimeout(timeout);
      if (socket === this.#socket) this.#lost(event, opened);
    };
  }

  #hello() {
    /** @type {Record<string, unknown>} */
    const hello = {
      type: 'hello',
      consent: { policy: this.#policy, adult: true },
      languages: spoken(),
    };
    if (this.#resume) {
      hello.resume = this.#resume;
      hello.ack = this.#ack;
    }
    this.#socket?.send(JSON.stringify(hello));
  }

  /** @param {unknown} data */
  #receive(data) {
    /** @type {ServerMessage} */
    let message;
    try {
      message = JSON.parse(String(data));
    } catch {
      return;
    }
    const welcome = message.type === 'welcome';
    const resumed = welcome && message.session === this.#session;
    if (welcome && !resumed) this.#ack = 0; // another session counts from 1
    if (message.seq) {
      if (message.seq <= this.#ack) return; // seen before the socket was lost
      this.#ack = message.seq;
    }
    if (welcome) {
      this.#session = message.session ?? '';
      this.#resume = message.resume ?? '';
      this.#ready = true;
      this.#attempt = 0;
      keepReceipt(message.receipt);
      const restarted = this.#restarted;
      this.#restarted = false;
      this.#handlers.welcome(message, resumed, restarted);
      for (const signal of this.#signals.splice(0)) if (resumed) this.#handlers.message(signal);
    } else if (message.type === 'error' && message.code === 'consent_required') {
      this.close(); // and not held open for as long as somebody reads terms
      this.#handlers.consent(message.policy ?? '');
    } else if (message.type === 'action' && message.do === 'end') {
      this.#why = message.reason ?? ''; // its close comes next
    } else if (!this.#ready && (message.type === 'description' || message.type === 'candidate')) {
      this.#signals.push(message);
    } else {
      this.#handlers.message(message);
    }
  }

  /**
   * @param {CloseEvent} event
   * @param {boolean} opened whether the socket had been open
   */
  async #lost(event, opened) {
    this.#socket = null;
    this.#ready = false;
    if (isFinal(event.code)) {
      const why = this.#why;
      this.#forget();
      return this.#handlers.closed(event.code, why);
    }
    this.#restarted ||= event.code === 1001;
    const delay = retryDelay(event, this.#attempt++);
    const timer = setTimeout(() => this.#dial(), delay);
    this.#timer = timer;
    this.#failed = opened ? 0 : this.#failed + 1;
    this.#handlers.down(Math.ceil(delay / 1000), this.#failed);
    if (!opened && (await this.#handlers.refused()) && this.#timer === timer) this.#forget();
  }
}

/**
 * Whether the server must not be bothered again after this close code.
 * @param {number} code
 */
function isFinal(code) {
  return code === 1000 || (code >= 4500 && code < 5000);
}

/**
 * How long to wait, in ms, before dialing again: soon at first, since a session
 * outlives its socket by only 15 s; at random, since everybody lost it at once. A
 * daemon that ends names the seconds to spread over, one that was asked too much
 * those to stay away for.
 * @param {CloseEvent} event
 * @param {number} attempt from 0
 */
function retryDelay(event, attempt) {
  const named = Number.parseInt(event.reason, 10) * 1000;
  if (event.code === 4429) return (named || 5000) * (1 + Math.random() / 8);
  const spread = event.code === 1001 && named > 0 ? Math.random() * named : 0;
  return spread + Math.min(longestDelay, 500 * 2 ** attempt) * (0.5 + Math.random() / 2);
}
