// @ts-check
// The written chat: the log, who is typing, and the line being written.

import { announce } from './announce.js';
import { byId, make } from './dom.js';
import { Unread } from './unread.js';
import { rejected, t } from './words.js';

/** @typedef {import('./types.js').ServerMessage} ServerMessage */

const mostLines = 500;
const typingLasts = 5_000; // ms without a key
const typingRepeat = 3_000; // ms; the daemon takes back within 6 s what is not repeated
const theirTypingLasts = 8_000; // ms, where neither a repeat nor its end comes through
const marks = /** @type {const} */ ({ sending: '◌', sent: '✓', rejected: '!' });
const speakers = { me: t('speaker.me'), them: t('speaker.them'), system: '' };

export class Chat {
  #log = byId('log', HTMLOListElement);
  #typing = byId('typing', HTMLElement);
  #message = byId('message', HTMLTextAreaElement);
  #send = byId('send', HTMLButtonElement);
  #handlers;
  /** @type {Map<string, {line: HTMLLIElement, body: string}>} */
  #pending = new Map(); // texts whose fate is not known, oldest first
  #number = 0;
  #atEnd = true; // the reader has not scrolled back
  #unread = new Unread(() => this.#goToEnd());
  #typingSaid = false; // once is enough until the next line
  #typingTimer = 0;
  #typingRepeat = 0; // an interval, while one types
  #theirTypingTimer = 0;

  /**
   * @param {object} handlers
   * @param {(id: string, body: string) => void} handlers.text a line is to be sent
   * @param {(on: boolean) => void} handlers.typing
   * @param {(line: import('./pairs.js').Line) => void} handlers.delivered a line of either side has arrived
   */
  constructor(handlers) {
    this.#handlers = handlers;
    byId('composer', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#message.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#submit();
      }
    });
    this.#message.addEventListener('input', () => this.#keyed());
    const log = this.#log;
    let [width, height] = [0, 0];
    log.addEventListener('scroll', () => {
      if (log.clientWidth !== width || log.clientHeight !== height) return; // a resize moved it, not the reader
      this.#atEnd = log.scrollHeight - log.scrollTop - height < 60;
      this.#seen();
    });
    document.addEventListener('visibilitychange', () => this.#seen());
    new ResizeObserver(() => { // a keyboard came up, the phone was turned, the message grew
      [width, height] = [log.clientWidth, log.clientHeight];
      this.#follow();
    }).observe(log);
  }

  /** Lets the visitor write, or not. @param {boolean} on */
  enable(on) {
    this.#message.disabled = this.#send.disabled = !on;
    if (!on) {
      this.#stopTyping();
      this.#theyType(false);
      for (const id of this.#pending.keys()) this.#reject(id, 'not_paired');
    } else if (matchMedia('(hover: hover)').matches) {
      this.#message.focus(); // on a touch screen it would bring up the keyboard
    }
  }

  /** Texts that were sent and may be lost with a socket, oldest first. */
  get pending() {
    return [...this.#pending].map(([id, { body }]) => ({ id, body }));
  }

  /** Forgets everything that was said. */
  clear() {
    this.#pending.clear();
    this.#log.replaceChildren();
    this.#atEnd = true;
    this.#typingSaid = false;
    this.#unread.clear();
    this.#message.value = '';
  }

  /** Shows a line of the site's, which is read out. @param {string} body '': none */
  system(body) {
    if (body) this.#add('system', body);
  }

  /** Takes a line of the partner, or that one is being written. @param {ServerMessage} m */
  receive(m) {
    this.#theyType(m.type === 'typing' && m.on === true);
    if (m.type !== 'text') return;
    this.#typingSaid = false;
    if (document.hidden || !this.#atEnd) this.#unread.add();
    this.#add('them', m.body ?? '');
    this.#delivered('them', m, m.body ?? '');
  }

  /** @param {'me' | 'them'} from @param {ServerMessage} m @param {string} body as it was delivered */
  #delivered(from, { order = 0, at = '', proof = '' }, body) {
    this.#handlers.delivered({ from, order, at, body, proof });
  }

  /** Learns what became of one's own line. @param {ServerMessage} m */
  fate(m) {
    const id = m.id ?? '';
    if (m.type === 'rejected') return this.#reject(id, m.code ?? '', m);
    const text = this.#pending.get(id);
    this.#pending.delete(id);
    if (!text) return;
    this.#mark(text.line, 'sent');
    this.#delivered('me', m, m.body ?? text.body);
    const body = text.line.querySelector('.body');
    if (m.body === undefined || !body) return;
    body.textContent = m.body; // what the stranger got
    this.#note(text.line, t('masked'));
  }

  /** @param {string} id @param {string} code @param {ServerMessage} [more] */
  #reject(id, code, more) {
    const text = this.#pending.get(id);
    if (!text) return;
    this.#mark(text.line, 'rejected');
    this.#pending.delete(id);
    const why = rejected(code, more);
    this.#note(text.line, why);
    announce(why); // one's own lines are not read out
  }

  /** Shows how far one's own line has come. @param {HTMLLIElement} line @param {keyof typeof marks} mark */
  #mark(line, mark) {
    line.dataset.mark = mark;
    const sign = line.querySelector('.mark') ?? line.appendChild(make('span'));
    sign.className = 'mark';
    sign.textContent = marks[mark];
    sign.setAttribute('role', 'img');
    sign.setAttribute('aria-label', t(`mark.${mark}`));
  }

  /** Says below a line what became of it. @param {HTMLLIElement} line @param {string} text */
  #note(line, text) {
    const note = make('span', text);
    note.className = 'fate';
    line.append(note);
    this.#follow();
  }

  /** @param {boolean} on */
  #theyType(on) {
    this.#typing.hidden = !on;
    if (on && !this.#typingSaid) announce(t('typing'));
    this.#typingSaid ||= on;
    clearTimeout(this.#theirTypingTimer);
    if (on) this.#theirTypingTimer = setTimeout(() => this.#theyType(false), theirTypingLasts);
  }

  #submit() {
    const body = this.#message.value.trim();
    if (body === '' || this.#message.disabled) return;
    const id = `t${++this.#number}`;
    const line = this.#add('me', body);
    this.#mark(line, 'sending');
    this.#pending.set(id, { line, body });
    this.#message.value = '';
    this.#stopTyping(); // the text itself tells the partner
    this.#handlers.text(id, body);
  }

  #keyed() {
    if (this.#message.value.trim() === '') {
      if (this.#stopTyping()) this.#handlers.typing(false);
      return;
    }
    if (this.#typingRepeat === 0) {
      this.#handlers.typing(true);
      this.#typingRepeat = setInterval(() => this.#handlers.typing(true), typingRepeat);
    }
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => {
      this.#stopTyping();
      this.#handlers.typing(false);
    }, typingLasts);
  }

  /** Forgets that the visitor types, and returns whether that was so. */
  #stopTyping() {
    const was = this.#typingRepeat !== 0;
    clearTimeout(this.#typingTimer);
    clearInterval(this.#typingRepeat);
    this.#typingRepeat = 0;
    return was;
  }

  /**
   * @param {keyof typeof speakers} from
   * @param {string} body
   */
  #add(from, body) {
    const log = this.#log;
    const line = make('li');
    line.className = 'line';
    line.dataset.from = from;
    if (speakers[from]) {
      const speaker = make('span', `${speakers[from]}: `);
      speaker.className = 'visually-hidden';
      line.append(speaker);
    }
    const text = make('span', body);
    text.className = 'body';
    text.dir = 'auto';
    line.append(text);
    log.append(line);
    if (log.childElementCount > mostLines) log.firstElementChild?.remove();
    if (from === 'me') {
      line.setAttribute('aria-live', 'off'); // nor are the marks that it gets
      this.#atEnd = true;
      this.#unread.clear();
    }
    this.#follow();
    return line;
  }

  #goToEnd() {
    this.#atEnd = true;
    this.#follow();
    this.#seen();
    this.#log.focus({ preventScroll: true });
  }

  #seen() {
    if (this.#atEnd && !document.hidden) this.#unread.clear();
  }

  /** Keeps the last line in sight, unless the reader has scrolled back. */
  #follow() {
    if (this.#atEnd) this.#log.scrollTop = this.#log.scrollHeight;
  }
}
