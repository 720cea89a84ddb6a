import assert from 'node:assert/strict';
import test from 'node:test';

import { decode, ImageError, inspect, limits } from './jpeg.js';
import { blue, landscape, picture } from './pictures.js';

const good = picture(64, 48, blue);
const frame = good.findIndex((byte, i) => byte === 0xff && good[i + 1] === 0xc0);
const scan = good.findIndex((byte, i) => byte === 0xff && good[i + 1] === 0xda);

/** The good picture with other bytes at some place. @param {number} at @param {number[]} bytes */
function changed(at, ...bytes) {
  const other = good.slice();
  other.set(bytes, at);
  return other;
}

test('pixels come in red, green and blue', () => {
  const { width, height, data } = decode(good);
  assert.deepEqual([width, height, data.length], [64, 48, 64 * 48 * 3]);
  for (const [i, want] of blue(0, 0).entries()) assert.ok(Math.abs(data[i] - want) < 8, `${data.slice(0, 3)}`);
});

test('what an image costs is known before it is decoded', () => {
  const scans = new Uint8Array([...good.slice(0, scan), ...Array.from({ length: limits.scans }, () => [...good.slice(scan, scan + 40)]).flat(), ...good.slice(scan)]);
  /** @type {[string, Uint8Array, RegExp][]} */
  const tests = [
    ['empty', new Uint8Array(), /empty; send/],
    ['too large', new Uint8Array(limits.bytes + 1), /65537 bytes.*smaller/],
    ['a PNG', new Uint8Array([0x89, 0x50, 0x4e, 0x47]), /not a JPEG.*convert/],
    ['65,535 pixels square', changed(frame + 5, 0xff, 0xff, 0xff, 0xff), /claims 65535 × 65535 pixels; send one of at most/],
    ['wide', changed(frame + 5, 0, 1, 0x08, 0x01), /claims 2049 × 1/],
    ['many pixels', changed(frame + 5, 0x06, 0x00, 0x06, 0x00), /claims 1536 × 1536/],
    ['no height', changed(frame + 5, 0, 0), /claims 64 × 0/],
    ['12 bits', changed(frame + 4, 12), /12 bits/],
    ['four colours', changed(frame + 9, 4), /4 colour components/],
    ['arithmetic coding', changed(frame + 1, 0xc9), /SOF9.*baseline/],
    ['lossless', changed(frame + 1, 0xc3), /SOF3/],
    ['no frame', changed(frame + 1, 0xe5), /0 frames/],
    ['two frames', new Uint8Array([...good.slice(0, scan), ...good.slice(frame)]), /2 frames/],
    ['many scans', scans, /33 scans.*baseline/],
    ['cut before the scan', good.slice(0, scan), /0 scans/],
  ];
  for (const [name, bytes, want] of tests) {
    assert.throws(() => inspect(bytes), (error) => error instanceof ImageError && want.test(error.message) || assert.fail(`${name}: ${error}`), name);
  }
  inspect(good);
});

test('whatever is wrong with an image is an ImageError', () => {
  const image = picture(96, 96, landscape);
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 0x7fffffff) / 0x7fffffff;
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    const bytes = image.slice(0, i % 3 ? image.length : Math.ceil(random() * image.length));
    for (let n = 0; n < i % 7; n++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    try {
      const { width, height, data } = decode(bytes);
      assert.equal(data.length, width * height * 3);
    } catch (error) {
      assert.ok(error instanceof ImageError, `${error}`);
      refused++;
    }
  }
  assert.ok(refused > 100, `${refused} of 300 refused`);
});
