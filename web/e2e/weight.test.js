// What the start page weighs.

import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';
import { gzipSync } from 'node:zlib';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

const most = 60_000; // bytes, all together, compressed

/**
 * Bytes of an answer's body for a browser that takes gzip. What comes as it is,
 * though it is text, counts as a compressing server would send it.
 * @param {string} url
 * @returns {Promise<number>}
 */
function weigh(url) {
  return new Promise((resolve, reject) => {
    http
      .get(url, { headers: { 'Accept-Encoding': 'gzip' } }, async (answer) => {
        const body = Buffer.concat(await answer.toArray());
        if (answer.statusCode !== 200) return reject(new Error(`${url}: status ${answer.statusCode}`));
        const plain = !answer.headers['content-encoding'] && /text|javascript|json|svg/.test(answer.headers['content-type'] ?? '');
        resolve(plain ? gzipSync(body).length : body.length);
      })
      .on('error', reject);
  });
}

test(`the start page is at most ${most} bytes, compressed, in all`, async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const { page } = await Visitor.for(t, daemon.url);
  const urls = /** @type {Set<string>} */ (new Set());
  page.on('request', (request) => urls.add(request.url()));
  await page.reload({ waitUntil: 'networkidle' });
  const weights = /** @type {[string, number][]} */ ([]);
  for (const url of urls) {
    if (url.startsWith('http')) weights.push([new URL(url).pathname, await weigh(url)]);
  }
  const names = weights.map(([name]) => name);
  assert.ok(names.includes('/') && names.some((name) => name.endsWith('.svg')), `${names}`);
  assert.ok(!names.some((name) => /\.(css|js)$/.test(name) && name !== '/sw.js'), `what the page needs is in it, not in ${names}`);
  const total = weights.reduce((sum, [, bytes]) => sum + bytes, 0);
  t.diagnostic(`figure: ${total} bytes in ${weights.length} requests`);
  const heaviest = weights.toSorted((a, b) => b[1] - a[1]).slice(0, 5);
  assert.ok(total <= most, `${total} bytes, the heaviest: ${heaviest.map(([name, bytes]) => `${name} ${bytes}`).join(', ')}`);
});
