// @ts-check
// The work that the server may ask for before a search: a number whose hash with
// the server's salt starts with zeros. It is done on the main thread, in slices
// too short to be felt: the content security policy has no workers.

import { sha256 } from './sha256.js';

/** @typedef {import('./types.js').WorkData} WorkData */

const slice = 10; // ms
const batch = 256; // hashes between looks at the clock
const mostBits = 22; // far more than a server should ask for

const mostSalt = 40; // characters: with the digits of any nonce they fit into a block

/** Whether this page can do the work. @param {WorkData | undefined} data @returns {data is WorkData} */
export function canSolve(data) {
  return data?.algorithm === 'SHA-256' && data.bits <= mostBits && data.salt.length <= mostSalt && /^[\x21-\x7e]+$/.test(data.salt);
}

/**
 * Finds the least nonce that does.
 * @param {WorkData} data that canSolve
 * @param {AbortSignal} signal ends the search with its reason
 * @returns {Promise<number>}
 */
export async function solve({ salt, bits }, signal) {
  const block = new Uint8Array(64);
  const { written: start } = new TextEncoder().encodeInto(salt, block);
  const hash = new Int32Array(8);
  for (let nonce = 0; ; ) {
    for (const end = performance.now() + slice; performance.now() < end; ) {
      for (const last = nonce + batch; nonce < last; nonce++) {
        sha256(block, writeDecimal(nonce, block, start), hash);
        if (Math.clz32(hash[0]) >= bits) return nonce;
      }
    }
    await pause();
    signal.throwIfAborted();
  }
}

/**
 * Writes a number and returns where it ends.
 * @param {number} n
 * @param {Uint8Array} into
 * @param {number} at
 */
function writeDecimal(n, into, at) {
  let end = at + 1;
  for (let rest = n; rest >= 10; rest = Math.floor(rest / 10)) end++;
  for (let i = end - 1; i >= at; i--) {
    into[i] = 48 + (n % 10);
    n = Math.floor(n / 10);
  }
  return end;
}

/** Lets everything else have its turn, without the 4 ms that a timer takes. */
function pause() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(null);
  });
}
