// Prints, as a table, how long a visitor waits for a picture: from the page to
// the first one, and from Next to the next partner's. Real Chromium, one process
// a visitor, all of them and the daemon on this machine.
//
//   node measure.js [COUNT]     COUNT presses of Next, 10 by default

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

const count = Number(process.argv[2] ?? 10);

/**
 * Presses Next and returns the milliseconds until the first decoded frame of the
 * next partner. The old picture is gone as soon as Next is pressed.
 * @param {Visitor} visitor
 */
function next(visitor) {
  return visitor.page.evaluate(
    () =>
      new Promise((resolve) => {
        const video = /** @type {HTMLVideoElement} */ (document.querySelector('#remote-video'));
        const began = performance.now();
        /** @type {HTMLButtonElement} */ (document.querySelector('#next')).click();
        video.requestVideoFrameCallback(() => resolve(performance.now() - began));
      }),
  );
}

/** @param {number[]} times @param {number} share */
function quantile(times, share) {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
}

const rows = [];
for (const transport of ['udp', 'tcp']) {
  const daemon = await startDaemon('--turn-transports', transport);
  /** @type {Visitor[]} */
  const visitors = [];
  try {
    for (let i = 0; i < 3; i++) visitors.push(await Visitor.open(daemon.url, { own: true }));
    const [a, b, c] = visitors;
    await a.start('video', 'measuring');
    await a.state('waiting');
    const began = performance.now();
    await b.start('video', 'measuring');
    await b.decodes();
    rows.push([`press of Video chat to first frame, ${transport}`, 1, Math.round(performance.now() - began), '', '']);
    await c.start('video', 'measuring');

    // Who is left becomes a new visitor: strangers who have met do not get each other
    // again while anybody else may come.
    let [stays, presses, waits] = [a, b, c];
    const times = [];
    for (let i = 0; i < count; i++) {
      await waits.state('waiting');
      await presses.state('chatting');
      times.push(await next(presses));
      await stays.page.reload();
      await stays.start('video', 'measuring');
      [stays, presses, waits] = [presses, waits, stays];
    }
    rows.push([`Next to first decoded frame, ${transport}`, count, quantile(times, 0.5), quantile(times, 0.9), Math.round(Math.max(...times))]);
  } finally {
    await Promise.all(visitors.map((visitor) => visitor.close()));
    await daemon.stop();
  }
}

console.log('| what | n | p50 ms | p90 ms | max ms |\n|---|---|---|---|---|');
for (const row of rows) console.log(`| ${row.join(' | ')} |`);
