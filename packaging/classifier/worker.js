// The thread that decodes and classifies, one image at a time, so that the other one
// goes on answering.

import { parentPort } from 'node:worker_threads';

import { decode, ImageError } from './jpeg.js';
import { load } from './model.js';

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const classify = await load();

port.on('message', (/** @type {Uint8Array} */ jpeg) => {
  try {
    port.postMessage({ labels: classify(decode(jpeg)) });
  } catch (error) {
    if (!(error instanceof ImageError)) throw error; // a fault of ours ends the thread
    port.postMessage({ refusal: error.message });
  }
});
port.postMessage({ ready: true });
