// Prints, as a table, how long a visitor waits for a picture: from the page to
// the first one, and from Next to the next partner's. Real browsers, one process
// a visitor, all of them and the daemon on this machine.
//
//   node measure.js [COUNT]     COUNT presses of Next, 10 by default

import { startDaemon } from './daemon.js';
import { FirefoxVisitor } from './firefox.js';
import { Visitor } from './visitor.js';

/** @typedef {import('./guest.js').Guest} Guest */

const count = Number(process.argv[2] ?? 10);

/**
 * Presses Next and returns the milliseconds until the server had a partner, and until
 * the first decoded frame of the partner. The old picture is gone as soon as Next is
 * pressed.
 * @param {Guest} visitor
 * @returns {Promise<{matched: number, frame: number}>}
 */
function next(visitor) {
  return visitor.evaluate(
    () =>
      new Promise((resolve) => {
        const video = /** @type {HTMLVideoElement} */ (document.querySelector('#remote-video'));
        const socket = /** @type {any} */ (window).seen.sockets.at(-1);
        const began = performance.now();
        let matched = 0;
        socket.addEventListener('message', (/** @type {MessageEvent} */ { data }) => {
          if (JSON.parse(data).type === 'matched') matched = performance.now() - began;
        });
        /** @type {HTMLButtonElement} */ (document.querySelector('#next')).click();
        video.requestVideoFrameCallback(() => resolve({ matched, frame: performance.now() - began }));
      }),
  );
}

/** @param {number[]} times @param {number} share */
function quantile(times, share) {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
}

/** @param {Guest} visitor */
async function join(visitor) {
  await visitor.start('video', 'measuring');
}

const rows = [];

/**
 * One visitor presses Next, and always gets a stranger: those who have met do not get
 * each other again while anybody else may come.
 * @param {string} name @param {string} transport @param {(url: string) => Promise<Guest>} open
 */
async function measure(name, transport, open) {
  const daemon = await startDaemon('--turn-transports', transport);
  /** @type {Guest[]} */
  const visitors = [];
  try {
    visitors.push(await open(daemon.url));
    for (let i = 0; i < 2; i++) visitors.push(await Visitor.open(daemon.url, { own: true }));
    let [presses, stays, waits] = visitors;
    await join(stays);
    await stays.state('waiting');
    const began = performance.now();
    await join(presses);
    await presses.decodes();
    rows.push([`press of Video chat to first frame, ${name}, ${transport}`, 1, Math.round(performance.now() - began), '', '', '']);
    const times = [];
    for (let i = 0; i < count; i++) {
      if (i > 0) await waits.goto(daemon.url); // a new visitor
      await join(waits);
      await waits.state('waiting');
      await presses.state('chatting');
      times.push(await next(presses));
      [stays, waits] = [waits, stays];
    }
    const of = (/** @type {'matched' | 'frame'} */ what) => times.map((each) => each[what]);
    rows.push([`Next to first decoded frame, ${name}, ${transport}`, count, quantile(of('frame'), 0.5), quantile(of('frame'), 0.9), Math.round(Math.max(...of('frame'))), quantile(of('matched'), 0.5)]);
  } finally {
    await Promise.all(visitors.map((visitor) => visitor.close()));
    await daemon.stop();
  }
}

const chromium = (/** @type {string} */ url) => Visitor.open(url, { own: true });
await measure('Chromium', 'udp', chromium);
await measure('Chromium', 'tcp', chromium);
await measure('Firefox', 'udp', (url) => FirefoxVisitor.open(url));

console.log('| what | n | p50 ms | p90 ms | max ms | of it until matched, p50 |\n|---|---|---|---|---|---|');
for (const row of rows) console.log(`| ${row.join(' | ')} |`);
