// @ts-check
// What the visitor set, remembered on this device if the browser lets us.

/** What a keyboard shortcut may do, and its key at first, as in KeyboardEvent.key; '' is none. */
export const standardKeys = Object.freeze({
  next: 'Escape',
  stop: 's',
  mic: 'm',
  camera: 'c',
  full: 'f',
  blur: 'b',
  write: 't',
  report: 'r',
});

/** @typedef {keyof typeof standardKeys} Action */
/** @typedef {'auto' | 'light' | 'dark'} Theme */

/**
 * @typedef {object} Values
 * @property {Theme} theme
 * @property {boolean} blur the partner's video is blurred until it is lifted
 * @property {boolean} saver save data
 * @property {boolean} undo Esc and swipes can be undone
 * @property {Record<Action, string>} keys
 * @property {number} volume of the partner, 0 to 1
 * @property {string} camera device id; '' is any
 * @property {string} microphone device id; '' is any
 * @property {string[]} interests
 * @property {string[]} used interests that were used before, the latest first
 * @property {string[]} languages codes of the languages that the visitor speaks; empty: those of the browser
 * @property {string} consent version of the policy that was accepted; '' is none
 * @property {{text: string, until: string}} pass the proof of age, and when it ends (RFC 3339); '' is none
 */

const storageKey = 'joingyd.settings';

const text = { standard: '', valid: (/** @type {unknown} */ value) => typeof value === 'string' };
const list = {
  standard: /** @type {string[]} */ ([]),
  valid: (/** @type {unknown} */ value) => Array.isArray(value) && value.every(text.valid),
};
const flag = (/** @type {boolean} */ standard) => ({ standard, valid: (/** @type {unknown} */ value) => typeof value === 'boolean' });

/** @type {{[N in keyof Values]: {standard: Values[N], valid: (value: unknown) => boolean}}} */
const known = {
  theme: { standard: 'auto', valid: (value) => value === 'auto' || value === 'light' || value === 'dark' },
  blur: flag(false),
  saver: flag(false),
  undo: flag(true),
  keys: { standard: standardKeys, valid: isKeys },
  volume: { standard: 1, valid: (value) => typeof value === 'number' && value >= 0 && value <= 1 },
  camera: text,
  microphone: text,
  interests: list,
  used: list,
  languages: list,
  consent: text,
  pass: { standard: { text: '', until: '' }, valid: isPass },
};

export class Settings {
  #storage;
  /** @type {Record<string, unknown>} what differs from the standard */
  #values = {};
  /** @type {Map<string, Set<(value: any) => void>>} */
  #listeners = new Map();

  /** @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null} storage null: only this page remembers */
  constructor(storage) {
    this.#storage = storage;
    this.reload();
  }

  /**
   * The value, or the standard one if there is none or it makes no sense.
   * @template {keyof Values} N
   * @param {N} name
   * @returns {Values[N]}
   */
  get(name) {
    const { standard, valid } = known[name];
    const value = this.#values[name];
    return structuredClone(valid(value) ? /** @type {Values[N]} */ (value) : standard);
  }

  /**
   * Remembers a value, and tells those who listen. One that makes no sense is none.
   * @template {keyof Values} N
   * @param {N} name
   * @param {Values[N]} value
   */
  set(name, value) {
    this.reload(); // another window may have set something else
    const { standard, valid } = known[name];
    if (valid(value) && !same(value, standard)) this.#values[name] = structuredClone(value);
    else delete this.#values[name];
    this.#write();
    this.#tell(name);
  }

  /**
   * Calls back with each new value, also one from another window.
   * @template {keyof Values} N
   * @param {N} name
   * @param {(value: Values[N]) => void} callback
   */
  on(name, callback) {
    const callbacks = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, callbacks.add(callback));
  }

  /** Forgets everything. */
  forget() {
    this.#values = {};
    this.#write();
    for (const name of this.#listeners.keys()) this.#tell(/** @type {keyof Values} */ (name));
  }

  /** Takes what another window wrote. */
  reload() {
    const before = this.#values;
    this.#read();
    for (const name of this.#listeners.keys()) {
      if (!same(before[name], this.#values[name])) this.#tell(/** @type {keyof Values} */ (name));
    }
  }

  #read() {
    try {
      if (!this.#storage) return;
      const values = JSON.parse(this.#storage.getItem(storageKey) ?? '{}');
      this.#values = typeof values === 'object' && values !== null && !Array.isArray(values) ? values : {};
    } catch {
      // blocked, or not ours: what this page knows will do
    }
  }

  #write() {
    try {
      if (Object.keys(this.#values).length === 0) this.#storage?.removeItem(storageKey);
      else this.#storage?.setItem(storageKey, JSON.stringify(this.#values));
    } catch {
      this.#storage = null; // full or blocked: remembered for as long as the page is open
    }
  }

  /** @param {keyof Values} name */
  #tell(name) {
    for (const callback of this.#listeners.get(name) ?? []) callback(this.get(name));
  }
}

/** @param {unknown} value */
function isKeys(value) {
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(standardKeys).every((action) => text.valid(/** @type {Record<string, unknown>} */ (value)[action]));
}

/** @param {unknown} value */
function isPass(value) {
  if (typeof value !== 'object' || value === null) return false;
  return 'text' in value && text.valid(value.text) && 'until' in value && text.valid(value.until);
}

/** @param {unknown} a @param {unknown} b */
function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

function deviceStorage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null; // the browser keeps nothing for this site
  }
}

export const settings = new Settings(deviceStorage());
globalThis.addEventListener?.('storage', (event) => {
  if (event.key === storageKey || event.key === null) settings.reload();
});
