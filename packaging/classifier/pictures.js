// Pictures for tests and figures, drawn here: no image of anyone is needed.

import jpegJs from 'jpeg-js';

/**
 * @param {number} width
 * @param {number} height
 * @param {(x: number, y: number) => [number, number, number]} colour of a pixel at 0..1, 0..1
 * @param {number} [quality]
 */
export function picture(width, height, colour, quality = 80) {
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    data.set([...colour((i % width) / width, Math.floor(i / width) / height), 255], i * 4);
  }
  return new Uint8Array(jpegJs.encode({ data, width, height }, quality).data);
}

/**
 * A sheet of blue, which the model takes for a drawing at any size and quality.
 * @type {Parameters<typeof picture>[2]}
 */
export const blue = () => [40, 60, 230];

/**
 * A field under a sky, in soft colours with grain, which the model finds neutral.
 * @type {Parameters<typeof picture>[2]}
 */
export function landscape(x, y) {
  const grain = ((Math.sin(x * 917 + y * 3571) * 43758.5453) % 1) * 14;
  const hill = 0.55 + 0.06 * Math.sin(x * 5) + 0.02 * Math.sin(x * 23);
  if (y < hill) return [135 + 70 * y + grain, 165 + 60 * y + grain, 205 + 20 * y + grain];
  const dark = (y - hill) * 90;
  return [105 - dark / 2 + grain * 2, 120 - dark + grain * 2, 70 - dark / 2 + grain];
}
