// A picture that the real classifier knows, from one browser's camera to a veil in the
// other, a case, and a ban.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { startClassifier } from './classifier.js';
import { startDaemon } from './daemon.js';
import { blueFilm } from './film.js';
import { Visitor } from './visitor.js';

test('a picture that the classifier flags is veiled, judged by a person, and banned', async (t) => {
  const dir = await mkdtemp(path.join(tmpdir(), 'joingyd-film-'));
  t.after(() => rm(dir, { recursive: true }));
  const blue = path.join(dir, 'blue.y4m');
  await blueFilm(blue);
  const classifier = await startClassifier();
  t.after(() => classifier.stop());
  const daemon = await startDaemon('--moderation-classifier', classifier.url, '--moderation-snapshot-share', '100', '--moderation-snapshot-every', '2s', '--moderation-rules', 'drawing>=0.6: blur queue');
  t.after(() => daemon.stop());
  const seer = await Visitor.for(t, daemon.url);
  const drawn = await Visitor.for(t, daemon.url, { own: true, args: [`--use-file-for-fake-video-capture=${blue}`] });
  await seer.page.locator('#stills').waitFor();
  await seer.page.evaluate(() => {
    const times = /** @type {any} */ (window).times = { taken: /** @type {number[]} */ ([]), veiled: 0 };
    const { drawImage } = OffscreenCanvasRenderingContext2D.prototype;
    OffscreenCanvasRenderingContext2D.prototype.drawImage = function (/** @type {any[]} */ ...args) {
      times.taken.push(performance.now());
      return drawImage.apply(this, /** @type {any} */ (args));
    };
    const stage = /** @type {HTMLElement} */ (document.getElementById('stage'));
    new MutationObserver(() => { if (stage.dataset.veil === 'blur') times.veiled ||= performance.now(); }).observe(stage, { attributeFilter: ['data-veil'] });
  });

  await seer.start('video');
  await seer.state('waiting');
  await drawn.start('video');
  await Promise.all([seer.decodes(5), drawn.decodes(5)]);
  await seer.page.locator('#veiled', { hasText: 'drawing' }).waitFor();

  let found;
  for (const end = performance.now() + 60_000; !(found = (await daemon.control('reports', 'list')).cases.find((/** @type {any} */ one) => one.flags?.length > 0)); ) {
    assert.ok(performance.now() < end, 'a case waits');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const [flag] = found.flags;
  const { taken, veiled } = await seer.page.evaluate(() => /** @type {any} */ (window).times);
  const frame = taken.filter((/** @type {number} */ at) => at < veiled).at(-1);
  assert.ok(frame !== undefined, 'a still was taken before the veil');
  t.diagnostic(`figure: drawing ${flag.score.toFixed(3)} by ${flag.model}; the visitor's own still: ${flag.support}; ${(veiled - frame).toFixed(0)} ms from the frame to the veil`);
  assert.equal(flag.label, 'drawing');
  assert.deepEqual(flag.did, ['blur']);
  assert.match(flag.model, /^nsfwjs-mobilenet_v2@/);
  const evidence = await daemon.control('evidence', 'open', found.id);
  const still = evidence.parts.find((/** @type {any} */ part) => part.type === 'image/jpeg');
  assert.ok(Buffer.from(still.data, 'base64').subarray(0, 2).equals(Buffer.from([0xff, 0xd8])));

  await daemon.control('reports', 'decide', found.id, 'ban', '--reason', 'Drawings are not allowed.', '--for', '1h', '--force');
  await drawn.page.locator('#ban-reason', { hasText: 'Drawings are not allowed.' }).waitFor();
  const seen = await daemon.control('evidence', 'open', found.id);
  assert.deepEqual(seen.parts, [], 'gone with the decision');
});
