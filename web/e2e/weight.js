// Prints, as a table, what the start page weighs and how soon it can be used on a
// bad connection: "slow 3G", 400 kbit/s and 400 ms for each round trip. As Chromium's
// developer tools slow it down, over http; and over https through a line that is as
// slow for handshakes too. Both with this machine's CPU and with a quarter of it.
// Real Chromium, nothing cached; medians of 5 loads.
//
//   node weight.js [COUNT]     COUNT loads, 5 by default

import { startDaemon } from './daemon.js';
import { startSlowLine } from './slow-line.js';
import { Visitor } from './visitor.js';

const count = Number(process.argv[2] ?? 5);
const slow3G = { roundTrip: 400, rate: 400_000 / 8 }; // ms, bytes a second
const settled = 1_500; // ms without a request after which the page is taken as loaded

/** What every page runs before its own scripts: notes when what happened. */
function observeLoad() {
  const load = { paint: 0, largest: 0, usable: 0, shift: 0, blocked: 0 };
  Object.defineProperty(window, 'load', { value: load });
  const observe = (/** @type {string} */ type, /** @type {(entry: any) => void} */ take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  observe('paint', (entry) => {
    if (entry.name === 'first-contentful-paint') load.paint = entry.startTime;
  });
  observe('largest-contentful-paint', (entry) => (load.largest = entry.startTime));
  observe('layout-shift', (entry) => (load.shift += entry.value));
  observe('longtask', (entry) => (load.blocked += Math.max(0, entry.duration - 50)));
  // Usable: the boxes can be ticked, and the button then answers.
  const trial = setInterval(() => {
    const boxes = /** @type {HTMLInputElement[]} */ (['#consent-adult', '#consent-policy'].map((id) => document.querySelector(id)));
    const button = /** @type {HTMLButtonElement | null} */ (document.querySelector('#text-chat'));
    if (boxes.includes(/** @type {any} */ (null)) || !button) return;
    boxes.forEach((box) => box.click());
    if (button.disabled) return boxes.forEach((box) => box.click());
    load.usable = performance.now();
    clearInterval(trial);
  }, 20);
}

/**
 * Loads the page once.
 * @param {Visitor} visitor @param {string} url
 * @param {{throttled: boolean, slowdown: number}} how by the developer tools, and by how much the CPU is slowed down
 */
async function load({ browser }, url, { throttled, slowdown }) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    await page.addInitScript(observeLoad);
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    const { roundTrip, rate } = slow3G;
    if (throttled) await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: roundTrip, downloadThroughput: rate, uploadThroughput: rate });
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
    let [bytes, requests] = [0, 0];
    devtools.on('Network.responseReceived', ({ response }) => void (requests += response.url.startsWith('http') ? 1 : 0));
    devtools.on('Network.loadingFinished', ({ encodedDataLength }) => void (bytes += encodedDataLength));
    await page.goto(url, { waitUntil: 'networkidle' });
    await page.waitForFunction(() => /** @type {any} */ (window).load.usable > 0);
    await page.waitForTimeout(settled);
    const times = await page.evaluate(() => {
      const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType('navigation'));
      return { .../** @type {any} */ (window).load, connected: navigation.connectEnd };
    });
    return { ...times, bytes, requests };
  } finally {
    await context.close();
  }
}

/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const columns = [];
for (const throttled of [true, false]) {
  const daemon = await startDaemon(...(throttled ? [] : ['--tls-self-signed']));
  const line = throttled ? null : await startSlowLine(daemon.url, slow3G);
  const visitor = await Visitor.open(daemon.url);
  try {
    for (const slowdown of [1, 4]) {
      const loads = [];
      for (let i = 0; i < count; i++) loads.push(await load(visitor, line?.url ?? daemon.url, { throttled, slowdown }));
      columns.push({ name: `${throttled ? 'http, developer tools' : 'https, slow line'}, CPU ÷ ${slowdown}`, of: (/** @type {string} */ what) => median(loads.map((each) => each[what])) });
    }
  } finally {
    await visitor.close();
    line?.close();
    await daemon.stop();
  }
}

console.log(`| the start page, slow 3G, n = ${count} | ${columns.map(({ name }) => name).join(' | ')} |\n|---|${'---|'.repeat(columns.length)}`);
for (const [text, what, digits] of /** @type {[string, string, number][]} */ ([
  ['bytes over the wire, headers included', 'bytes', 0],
  ['requests', 'requests', 0],
  ['connected, ms', 'connected', 0],
  ['first contentful paint: boxes can be ticked, ms', 'paint', 0],
  ['largest contentful paint, ms', 'largest', 0],
  ['the start button answers, ms', 'usable', 0],
  ['cumulative layout shift', 'shift', 3],
  ['total blocking time, ms', 'blocked', 0],
])) {
  console.log(`| ${text} | ${columns.map(({ of }) => of(what).toFixed(digits)).join(' | ')} |`);
}
