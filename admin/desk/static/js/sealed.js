// @ts-check
// Evidence that is sealed with age, opened with a moderator's key. The key is in this
// module's memory only: in no storage, in no request, in no element once it is read.

const script = '/dist/age.js'; // a part that is built in, or not

let keys = /** @type {string[]} */ ([]);

/** Whether there is a key. */
export function hasKey() {
  return keys.length > 0;
}

export function forgetKey() {
  keys = [];
}

/** Takes the keys out of a key file's text. @param {string} text @returns {boolean} whether there were any */
export function useKey(text) {
  const found = text.toUpperCase().match(/AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]+/g);
  if (found) keys = found;
  return found !== null;
}

/** @param {string} text base64 */
export function bytes(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

/**
 * The parts of one sealed file, which must be of this case.
 * @param {import('./types.js').Sealed} file
 * @param {string} id of the case
 * @returns {Promise<{name: string, type: string, at: string, data: Uint8Array<ArrayBuffer>}[]>}
 */
export async function unseal(file, id) {
  const { Decrypter } = await import(script);
  const decrypter = new Decrypter();
  for (const key of keys) decrypter.addIdentity(key);
  const text = await decrypter.decrypt(bytes(file.data), 'text');
  const document = JSON.parse(text);
  if (document.version !== 1 || document.case !== id) throw new Error(`the file is of another case or version`);
  return document.parts.map((/** @type {{name: string, type: string, at: string, data?: string, text?: string}} */ part) => ({
    name: part.name,
    type: part.type,
    at: part.at,
    data: part.data === undefined ? new TextEncoder().encode(part.text ?? '') : bytes(part.data),
  }));
}
