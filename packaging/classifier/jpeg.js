// From the bytes of a JPEG to its pixels, for bytes that a stranger chose.
//
// What an image costs is known from its markers before anything is decoded: a file
// of 64 KiB may claim 65,535 × 65,535 pixels, or a thousand scans over all of them.
// The rest is jpeg-js's: JavaScript throughout, so what is wrong with an image is an
// exception, and no memory is left behind by it.

import jpegJs from 'jpeg-js';

/** What an image may have at most. */
export const limits = { bytes: 64 << 10, side: 2048, pixels: 1 << 20, scans: 32 };

/** An image that is not classified, for a reason that its sender can mend. */
export class ImageError extends Error {}

/**
 * @typedef {object} Pixels
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array} data red, green and blue of each pixel, row by row
 */

/**
 * Throws ImageError unless the image is a JPEG (ITU-T T.81) in 8 bits, grey or in
 * three colours, sequential or progressive, within the limits.
 * @param {Uint8Array} bytes
 */
export function inspect(bytes) {
  if (bytes.length === 0) throw new ImageError('the body is empty; send the bytes of a JPEG');
  if (bytes.length > limits.bytes) throw new ImageError(`the image has ${bytes.length} bytes, and at most ${limits.bytes} are taken; send a smaller or more compressed one`);
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new ImageError('the body is not a JPEG, which begins with FF D8; convert it to one');
  let frames = 0;
  let scans = 0;
  for (const { marker, at, end } of segments(bytes)) {
    if (marker === 0xda) scans++;
    if (!isFrame(marker)) continue;
    frames++;
    if (marker > 0xc2) throw new ImageError(`the JPEG is of a rare kind (SOF${marker - 0xc0}); send a baseline or progressive one`);
    if (end - at < 6) throw new ImageError('the JPEG is damaged: its frame header is cut; send it whole');
    const [bits, height, width, colours] = [bytes[at], (bytes[at + 1] << 8) | bytes[at + 2], (bytes[at + 3] << 8) | bytes[at + 4], bytes[at + 5]];
    if (bits !== 8) throw new ImageError(`the JPEG has ${bits} bits a sample; send one with 8`);
    if (colours !== 1 && colours !== 3) throw new ImageError(`the JPEG has ${colours} colour components; send it grey or in RGB`);
    if (!width || !height || width > limits.side || height > limits.side || width * height > limits.pixels) {
      throw new ImageError(`the image claims ${width} × ${height} pixels; send one of at most ${limits.side} on a side and ${limits.pixels} in all (224 × 224 is what the model sees)`);
    }
  }
  if (frames !== 1 || scans === 0) throw new ImageError(`the JPEG is damaged: it has ${frames} frames and ${scans} scans; send it whole`);
  if (scans > limits.scans) throw new ImageError(`the JPEG has ${scans} scans, and at most ${limits.scans} are decoded; send a baseline one`);
}

/** SOF0 to SOF15, without DHT, JPG and DAC, which lie between. @param {number} marker */
const isFrame = (marker) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/**
 * The segments, each with where its content begins and ends. Inside a scan's data
 * FF is followed by 00 or a restart marker; FF before a marker is padding.
 * @param {Uint8Array} bytes
 */
function* segments(bytes) {
  for (let at = 2; at + 3 < bytes.length; ) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === 0xff || marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8)) {
      at++;
      continue;
    }
    if (marker === 0xd9) return;
    const end = at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
    yield { marker, at: at + 4, end: Math.min(end, bytes.length) };
    at = Math.max(end, at + 4);
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {Pixels}
 */
export function decode(bytes) {
  inspect(bytes);
  try {
    return jpegJs.decode(bytes, { useTArray: true, formatAsRGBA: false, tolerantDecoding: false, maxResolutionInMP: limits.pixels / 1e6 + 1, maxMemoryUsageInMB: 64 });
  } catch (error) {
    throw new ImageError(`the JPEG is damaged (${error instanceof Error ? error.message : error}); send it whole`);
  }
}
