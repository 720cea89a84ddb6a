// The worker that looks at stills in the browser of whoever sees the picture: nsfwjs's
// MobileNetV2, run by TensorFlow.js's WebAssembly backend. Model and backend come from
// beside this script, and nothing else is fetched.
//
//	page ──{picture, look}────────▶ worker     one at a time
//	page ◀──{veil?, claim?, jpeg?}─ worker     a JPEG only if that is to be posted

import { browser, div, env, expandDims, image, ready, setBackend, tidy } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

import topology from './node_modules/nsfwjs/dist/models/mobilenet_v2/model.min.js';

/* global LABELS, WEIGHTS_INTEGRITY, WASM_INTEGRITY -- put in by packaging/parts/stills.go */

const side = 224; // pixels of the square that the model sees
const most = 64 << 10; // bytes that the server takes
const qualities = [0.7, 0.5, 0.3, 0.1]; // of the JPEG: the first that makes it small enough

/** Fetches a file that must be the one that was made with this script. */
async function get(name, integrity) {
  const response = await fetch(new URL(name, location.href), { integrity, credentials: 'omit', priority: 'low' });
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  return response;
}

/** Loads the model, and runs it once: the first run compiles. */
async function load() {
  if (!(await env().getAsync('WASM_HAS_SIMD_SUPPORT'))) throw new Error('this browser is too old to look at stills');
  const weights = get('weights.bin', WEIGHTS_INTEGRITY);
  env().platform.fetch = () => get('stills.wasm', WASM_INTEGRITY);
  setWasmPaths('', true); // by that fetch
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false); // another file, for pages that are isolated
  const [data] = await Promise.all([weights.then((response) => response.arrayBuffer()), setBackend('wasm')]);
  await ready();
  const { modelTopology, weightsManifest } = topology;
  const model = await loadLayersModel({
    load: async () => ({ modelTopology, weightSpecs: weightsManifest.flatMap(({ weights }) => weights), weightData: data }),
  });
  /** Gives each label its score, in thousandths of 1: what is compared here is compared again by the server. */
  const classify = (pixels) => {
    // As nsfwjs does it: to 0..1, and stretched to a square.
    const scores = tidy(() => {
      const square = image.resizeBilinear(div(browser.fromPixels(pixels), 255), [side, side], true);
      return model.predict(expandDims(square)).dataSync();
    });
    return Object.fromEntries(LABELS.map((label, i) => [label, Math.round(scores[i] * 1000) / 1000]));
  };
  classify(new ImageData(1, 1));
  return classify;
}

/** A JPEG that the server takes, null if there is none. */
async function encode(canvas) {
  for (const quality of qualities) {
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality });
    if (blob.type === 'image/jpeg' && blob.size <= most) return blob;
  }
  return null;
}

/** The label of those that have the score they need that has the highest, if any. */
function met(scores, least) {
  return Object.keys(least)
    .filter((label) => scores[label] >= least[label])
    .sort((a, b) => scores[b] - scores[a])[0];
}

const loaded = load();

/** Looks at a picture, which it closes. */
async function answer({ picture, look }) {
  try {
    const classify = await loaded;
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    context.drawImage(picture, 0, 0);
    const scores = classify(context.getImageData(0, 0, canvas.width, canvas.height));
    const wanted = met(scores, look.post) !== undefined;
    const claim = LABELS.map((label) => `${label}=${scores[label].toFixed(3)}`).join(', ');
    return { veil: met(scores, look.veil), claim: wanted ? claim : '', jpeg: wanted ? await encode(canvas) : null };
  } catch (error) {
    return { failed: String(error) };
  } finally {
    picture.close();
  }
}

addEventListener('message', async ({ data }) => postMessage(await answer(data)));
