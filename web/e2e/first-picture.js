// Prints the seconds from the daemon's start to the first picture in the second
// of two browsers.

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

const began = performance.now();
const daemon = await startDaemon();
const visitors = await Promise.all([Visitor.open(daemon.url), Visitor.open(daemon.url)]);
try {
  for (const visitor of visitors) await visitor.start('video', 'first');
  await visitors[1].decodes();
  console.log(((performance.now() - began) / 1000).toFixed(1));
} finally {
  await Promise.all(visitors.map((visitor) => visitor.close()));
  await daemon.stop();
}
