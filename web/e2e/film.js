// Films for Chromium's fake camera.

import { writeFile } from 'node:fs/promises';

/** Of one colour, rgb(40, 60, 230), which the model takes for a drawing. @param {string} file ends in .y4m */
export async function blueFilm(file) {
  const [width, height] = [320, 240];
  const plane = (/** @type {number} */ size, /** @type {number} */ value) => Buffer.alloc(size, value);
  const frame = [Buffer.from('FRAME\n'), plane(width * height, 61), plane((width * height) / 4, 223), plane((width * height) / 4, 113)];
  const frames = Array.from({ length: 30 }, () => Buffer.concat(frame));
  await writeFile(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F15:1 Ip A1:1 C420jpeg\n`), ...frames]));
}
