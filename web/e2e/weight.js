// Prints, as a table, what the start page weighs and how soon it can be used on a
// bad connection: "slow 3G" (400 kbit/s each way, 400 ms more for each answer, as
// Chromium's developer tools define it) and a CPU four times as slow as this one.
// Real Chromium over https, nothing cached; medians of 5 loads.
//
//   node weight.js [COUNT]     COUNT loads, 5 by default

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

const count = Number(process.argv[2] ?? 5);
const slow3G = { offline: false, latency: 400, downloadThroughput: 400_000 / 8, uploadThroughput: 400_000 / 8 }; // ms, bytes a second
const slowdown = 4;
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

/** Loads the page once. @param {Visitor} visitor @param {string} url */
async function load({ browser }, url) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    await page.addInitScript(observeLoad);
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    await devtools.send('Network.emulateNetworkConditions', slow3G);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
    let [bytes, requests] = [0, 0];
    const protocols = new Set();
    devtools.on('Network.responseReceived', ({ response }) => {
      if (response.url.startsWith('http')) protocols.add(response.protocol);
      if (response.url.startsWith('http')) requests++;
    });
    devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    await page.goto(url, { waitUntil: 'networkidle' });
    await page.waitForFunction(() => /** @type {any} */ (window).load.usable > 0);
    await page.waitForTimeout(settled);
    const times = await page.evaluate(() => /** @type {any} */ (window).load);
    return { ...times, bytes, requests, protocols: [...protocols].join(' ') };
  } finally {
    await context.close();
  }
}

/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const daemon = await startDaemon('--tls-self-signed');
const visitor = await Visitor.open(daemon.url);
try {
  const loads = [];
  for (let i = 0; i < count; i++) loads.push(await load(visitor, daemon.url));
  const of = (/** @type {string} */ name) => median(loads.map((each) => each[name]));
  console.log(`| the start page, slow 3G, CPU ÷ ${slowdown}, ${loads[0].protocols}, n = ${count} | median |\n|---|---|`);
  console.log(`| bytes over the wire, headers included | ${of('bytes')} |`);
  console.log(`| requests | ${of('requests')} |`);
  console.log(`| first contentful paint | ${Math.round(of('paint'))} ms |`);
  console.log(`| largest contentful paint | ${Math.round(of('largest'))} ms |`);
  console.log(`| usable: a box can be ticked and the start button answers | ${Math.round(of('usable'))} ms |`);
  console.log(`| cumulative layout shift | ${of('shift').toFixed(3)} |`);
  console.log(`| total blocking time | ${Math.round(of('blocked'))} ms |`);
} finally {
  await visitor.close();
  await daemon.stop();
}
