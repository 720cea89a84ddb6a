// @ts-check
// Still pictures of a video chat, where the site has a program look at some: one is
// taken when the server asks for it, and posted, or looked at here first.

import { make } from './dom.js';
import { look } from './look.js';

/** @typedef {import('./types.js').ServerMessage} ServerMessage */

const side = 320; // px, the longer one
const most = 64 << 10; // bytes that the server takes
const qualities = [0.7, 0.5, 0.3, 0.1]; // of the JPEG: the first that makes it small enough
const soon = 1_000; // ms until it is taken, however busy the page is

/**
 * Answers a `snapshot`. Whatever goes wrong, the server does without.
 * @param {ServerMessage} m
 * @param {HTMLVideoElement} video what it asks for
 * @param {() => boolean} wanted whether the chat that it is about still goes on
 * @param {(reason: string) => void} hide hides the picture, for what was seen in it here
 */
export async function answer(m, video, wanted, hide) {
  const open = () => Date.now() < Date.parse(m.expires ?? '');
  try {
    await idle();
    if (!wanted() || !open()) return;
    if (!m.look) {
      const jpeg = await take(video);
      if (jpeg) await post(jpeg, m.token ?? '');
      return;
    }
    const { veil, jpeg, claim } = await look(video, m.look);
    if (veil && wanted()) hide(veil);
    if (jpeg && claim && open()) await post(jpeg, m.token ?? '', { 'Still-Labels': claim });
  } catch (error) {
    console.debug('still:', error);
  }
}

/**
 * Takes a still of what a video shows, as it came: how the page shows it, if at all,
 * does not matter.
 * @param {HTMLVideoElement} video
 * @returns {Promise<Blob | null>} a JPEG; null: there is no picture
 */
async function take(video) {
  const { videoWidth, videoHeight } = video;
  if (video.readyState < video.HAVE_CURRENT_DATA || videoWidth === 0 || videoHeight === 0) return null;
  const scale = side / Math.max(videoWidth, videoHeight);
  const canvas = blank(Math.max(1, Math.round(videoWidth * scale)), Math.max(1, Math.round(videoHeight * scale)));
  const context = /** @type {CanvasDrawImage | null} */ (canvas.getContext('2d', { alpha: false }));
  if (!context) return null;
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  for (const quality of qualities) {
    const blob = await encode(canvas, quality);
    if (blob?.type === 'image/jpeg' && blob.size <= most) return blob;
  }
  return null;
}

/** @param {number} width @param {number} height */
function blank(width, height) {
  if ('OffscreenCanvas' in window) return new OffscreenCanvas(width, height);
  return Object.assign(make('canvas'), { width, height });
}

/** @param {OffscreenCanvas | HTMLCanvasElement} canvas @param {number} quality @returns {Promise<Blob | null>} */
function encode(canvas, quality) {
  const type = 'image/jpeg';
  if (!(canvas instanceof HTMLCanvasElement)) return canvas.convertToBlob({ type, quality });
  return new Promise((resolve) => canvas.toBlob(resolve, type, quality));
}

/** @param {Blob} jpeg @param {string} token @param {Record<string, string>} [headers] */
async function post(jpeg, token, headers) {
  await fetch('/api/snapshots', {
    method: 'POST',
    headers: { ...headers, Authorization: `Bearer ${token}`, 'Content-Type': jpeg.type },
    body: jpeg,
    credentials: 'same-origin',
  });
}

/** Waits until the page has nothing better to do. */
function idle() {
  return new Promise((resolve) => {
    if ('requestIdleCallback' in window) requestIdleCallback(resolve, { timeout: soon });
    else setTimeout(resolve);
  });
}
