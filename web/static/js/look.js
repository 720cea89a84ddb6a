// @ts-check
// Stills that this browser looks at itself, in a worker. It is started, and all that it
// needs fetched, when one is first asked for.

import { byId } from './dom.js';
import { workerURL } from './worker-url.js';

/** @typedef {import('./types.js').Look} Look */
/** @typedef {{veil?: string, claim?: string, jpeg?: Blob | null, failed?: string}} Found */

const side = 320; // px of a still, the longer one
const rest = 180_000; // ms without a still after which the worker ends: its model needs much memory

/** What became of the stills that were asked for. */
const counts = { looked: 0, skipped: 0, failed: 0 };
/** @type {Worker | null} */
let worker = null;
let busy = false;
let able = true;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let ending;

/**
 * Looks at what a video shows, unless another one is being looked at.
 * @param {HTMLVideoElement} video
 * @param {Look} how
 * @returns {Promise<Found>} empty: nothing was found, or nobody looked
 */
export async function look(video, how) {
  const { videoWidth, videoHeight } = video;
  if (!able || /** @type {any} */ (navigator).connection?.saveData || video.readyState < video.HAVE_CURRENT_DATA || videoWidth === 0) return {};
  if (busy) {
    counts.skipped++;
    return {};
  }
  busy = true;
  clearTimeout(ending);
  try {
    const scale = side / Math.max(videoWidth, videoHeight);
    const [resizeWidth, resizeHeight] = [videoWidth, videoHeight].map((size) => Math.max(1, Math.round(size * scale)));
    const found = await ask(await createImageBitmap(video, { resizeWidth, resizeHeight }), how);
    counts.looked++;
    return found;
  } catch (error) {
    counts.failed++;
    throw error;
  } finally {
    busy = false;
    ending = setTimeout(end, rest);
    console.debug('stills:', { ...counts });
  }
}

/** @param {ImageBitmap} picture @param {Look} how @returns {Promise<Found>} */
async function ask(picture, how) {
  const to = (worker ??= new Worker(workerURL(byId('stills', HTMLElement).dataset.worker ?? '')));
  const found = await new Promise((/** @type {(found: Found) => void} */ resolve) => {
    to.onmessage = ({ data }) => resolve(data);
    to.onerror = () => resolve({ failed: 'the worker does not start' });
    to.postMessage({ picture, look: how }, [picture]);
  });
  if (!found.failed) return found;
  able = false; // an old browser, or nothing to be had: this page does without
  end();
  throw new Error(found.failed);
}

function end() {
  worker?.terminate();
  worker = null;
}
