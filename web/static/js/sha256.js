// @ts-check
// SHA-256 (FIPS 180-4) of one block: crypto.subtle gives a promise for each hash,
// which is far too slow to look for one that starts with zeros.

const initial = Int32Array.from(firstPrimes(8).map((p) => fraction(Math.sqrt(p))));
const constants = Int32Array.from(firstPrimes(64).map((p) => fraction(Math.cbrt(p))));
const schedule = new Int32Array(64);

/** The most bytes that fit into one block. */
export const mostBytes = 55;

/**
 * Hashes the first bytes of a block of 64, at most mostBytes. What follows them in
 * the block is overwritten.
 * @param {Uint8Array} block
 * @param {number} length
 * @param {Int32Array} hash of 8 words, the result
 */
export function sha256(block, length, hash) {
  block[length] = 0x80;
  block.fill(0, length + 1);
  block[62] = length >>> 5;
  block[63] = length << 3;
  const w = schedule;
  for (let i = 0, j = 0; i < 16; i++, j += 4) {
    w[i] = (block[j] << 24) | (block[j + 1] << 16) | (block[j + 2] << 8) | block[j + 3];
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15];
    const y = w[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let a = initial[0];
  let b = initial[1];
  let c = initial[2];
  let d = initial[3];
  let e = initial[4];
  let f = initial[5];
  let g = initial[6];
  let h = initial[7];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + constants[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  hash[0] = initial[0] + a;
  hash[1] = initial[1] + b;
  hash[2] = initial[2] + c;
  hash[3] = initial[3] + d;
  hash[4] = initial[4] + e;
  hash[5] = initial[5] + f;
  hash[6] = initial[6] + g;
  hash[7] = initial[7] + h;
}

/** The first 32 bits of a number's fraction. @param {number} n */
function fraction(n) {
  return Math.floor((n % 1) * 2 ** 32) | 0;
}

/** @param {number} count */
function firstPrimes(count) {
  const primes = /** @type {number[]} */ ([]);
  for (let n = 2; primes.length < count; n++) {
    if (primes.every((p) => n % p !== 0)) primes.push(n);
  }
  return primes;
}
