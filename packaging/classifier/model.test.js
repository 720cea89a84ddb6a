import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import test from 'node:test';

import { labels, name } from './about.js';
import { decode } from './jpeg.js';
import { load } from './model.js';
import { blue, landscape, picture } from './pictures.js';

test('the model is loaded without a connection, and tells pictures apart', async () => {
  const { connect } = Socket.prototype;
  Socket.prototype.connect = () => assert.fail('a connection is made');
  const classify = await load().finally(() => (Socket.prototype.connect = connect));
  assert.equal(name, 'nsfwjs-mobilenet_v2@4.4.0');

  const drawn = classify(decode(picture(320, 240, blue)));
  const seen = classify(decode(picture(320, 240, landscape)));
  for (const scores of [drawn, seen]) {
    assert.deepEqual(Object.keys(scores), labels);
    const values = Object.values(scores);
    assert.ok(values.every((score) => score >= 0 && score <= 1), JSON.stringify(scores));
    assert.ok(Math.abs(values.reduce((sum, score) => sum + score) - 1) < 1e-5, JSON.stringify(scores));
  }
  assert.ok(drawn.drawing > 0.8, JSON.stringify(drawn));
  assert.ok(seen.neutral > 0.8, JSON.stringify(seen));
  assert.deepEqual(classify(decode(picture(320, 240, blue))), drawn, 'the same picture gets the same scores');
});
