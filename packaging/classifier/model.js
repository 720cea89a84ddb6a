// nsfwjs's MobileNetV2, run by TensorFlow.js's WebAssembly backend. The model is
// inside nsfwjs's package and the backend inside its own: nothing is fetched.

import { div, image, ready, reshape, setBackend, tensor3d, tidy } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-wasm';
import { MobileNetV2Model } from 'nsfwjs/models/mobilenet_v2';

import { labels } from './about.js';

/**
 * @typedef {import('@tensorflow/tfjs-core').Tensor} Tensor
 * @typedef {import('@tensorflow/tfjs-core').Tensor3D} Tensor3D
 */

const side = 224; // pixels of the square that the model sees

/**
 * Loads the model, and runs it once: the first run compiles.
 * @returns {Promise<(pixels: import('./jpeg.js').Pixels) => Record<string, number>>} gives each label its score
 */
export async function load() {
  if (!(await setBackend('wasm'))) throw new Error('WebAssembly does not run here; use Node 18 or newer, and not --jitless');
  await ready();
  const { modelTopology, weightsManifest } = /** @type {import('@tensorflow/tfjs-core').io.ModelJSON} */ ((await MobileNetV2Model.modelJson()).default);
  const shards = await Promise.all(MobileNetV2Model.weightBundles.map(async (shard) => Buffer.from((await shard()).default, 'base64')));
  const weights = Buffer.concat(shards);
  const model = await loadLayersModel({
    load: async () => ({
      modelTopology,
      weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
      weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.length),
    }),
  });
  /** @param {import('./jpeg.js').Pixels} pixels */
  const classify = ({ width, height, data }) => {
    // As nsfwjs does it: to 0..1, and stretched to a square.
    const scores = tidy(() => {
      const picture = /** @type {Tensor3D} */ (div(tensor3d(data, [height, width, 3], 'float32'), 255));
      const square = image.resizeBilinear(picture, [side, side], true);
      return /** @type {Tensor} */ (model.predict(reshape(square, [1, side, side, 3]))).dataSync();
    });
    return Object.fromEntries(labels.map((label, i) => [label, scores[i]]));
  };
  classify({ width: 1, height: 1, data: new Uint8Array(3) });
  return classify;
}
