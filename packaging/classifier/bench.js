// How many images one core classifies in a second, and in how much memory:
// node bench.js [SECONDS]

import { performance } from 'node:perf_hooks';

import { name } from './about.js';
import { decode } from './jpeg.js';
import { load } from './model.js';
import { landscape, picture } from './pictures.js';

const seconds = Number(process.argv[2] ?? 5);
const began = performance.now();
const classify = await load();
console.log(`${name}, node ${process.version}: loaded in ${((performance.now() - began) / 1000).toFixed(1)} s`);

for (const [width, height] of [[224, 224], [320, 240], [640, 480]]) {
  const jpeg = picture(width, height, landscape, 60);
  const times = { decode: 0, classify: 0 };
  let count = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let now = start; now < start + seconds * 1000; count++) {
    const pixels = decode(jpeg);
    const decoded = performance.now();
    classify(pixels);
    times.decode += decoded - now;
    now = performance.now();
    times.classify += now - decoded;
  }
  const { user, system } = process.cpuUsage(cpu);
  const each = (/** @type {number} */ ms) => `${(ms / count).toFixed(1)} ms`;
  console.log(
    `${width}×${height}, ${(jpeg.length / 1024).toFixed(0)} KiB: ${(count / ((user + system) / 1e6)).toFixed(1)} a second of CPU, ` +
      `decoded in ${each(times.decode)}, classified in ${each(times.classify)}, ${(process.memoryUsage.rss() / (1 << 20)).toFixed(0)} MiB resident`,
  );
}
