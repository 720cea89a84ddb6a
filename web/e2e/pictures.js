// Takes the pictures of the README, into docs/: two drawn strangers in a real chat.

import path from 'node:path';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

const docs = path.join(import.meta.dirname, '../../docs');

/** What a stranger looks like, in CSS colours. */
const strangers = {
  ada: { wall: '#d9cfc0', window: '#bfe0ea', skin: '#8d5a3b', hair: '#2b1a16', top: '#e0a83c', long: true },
  ben: { wall: '#4d5d6c', window: '#27323d', skin: '#f0c39e', hair: '#a8552d', top: '#4f9d8c', long: false },
};

/** Puts a drawing in the place of the camera. @param {typeof strangers.ada} look */
function draw(look) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const fill = (/** @type {string} */ colour, /** @type {() => void} */ shape) => {
    c.fillStyle = colour;
    c.beginPath();
    shape();
    c.fill();
  };
  const oval = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ w, /** @type {number} */ h) => () => c.ellipse(x, y, w, h, 0, 0, 7);
  const box = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ w, /** @type {number} */ h, /** @type {number} */ r) => () => c.roundRect(x, y, w, h, r);
  setInterval(() => {
    const sway = Math.sin(performance.now() / 900) * 3;
    fill(look.wall, box(0, 0, 640, 480, 0));
    fill(look.window, box(400, 40, 180, 220, 12));
    fill(look.wall, box(485, 40, 10, 220, 0));
    c.save();
    c.translate(sway, 0);
    if (look.long) fill(look.hair, box(195, 130, 210, 240, 100));
    fill(look.top, box(110, 370, 380, 200, 110));
    fill(look.skin, box(265, 300, 70, 110, 34));
    fill(look.skin, oval(300, 230, 82, 100));
    fill(look.hair, () => c.ellipse(300, 190, 90, 78, 0, Math.PI, 0));
    for (const x of [268, 332]) fill('#241b3d', oval(x, 232, 7, 9));
    c.lineWidth = 6;
    c.lineCap = 'round';
    c.strokeStyle = '#241b3d';
    c.beginPath();
    c.arc(300, 262, 30, 0.35, Math.PI - 0.35);
    c.stroke();
    c.restore();
  }, 50);
  const camera = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await camera(wanted);
    for (const track of stream.getVideoTracks()) {
      track.stop();
      stream.removeTrack(track);
      stream.addTrack(canvas.captureStream(20).getVideoTracks()[0]);
    }
    return stream;
  };
}

/** @param {Visitor} visitor @param {string} name */
const shoot = (visitor, name) => visitor.page.screenshot({ path: path.join(docs, name) });

const daemon = await startDaemon('--match-patience', '300ms');
const desk = await Visitor.open(daemon.url, { viewport: { width: 1120, height: 700 } });
const phone = await Visitor.open(daemon.url, { viewport: { width: 390, height: 700 }, colorScheme: 'dark' });
try {
  await desk.page.addInitScript(draw, strangers.ben);
  await phone.page.addInitScript(draw, strangers.ada);
  for (const visitor of [desk, phone]) await visitor.page.reload();
  await desk.page.waitForFunction(() => document.getAnimations().length === 0); // the hero has looked around
  await shoot(desk, 'start.png');
  await desk.start('video', 'hiking', 'jazz');
  await desk.state('waiting');
  await phone.start('video', 'jazz', 'hiking');
  await Promise.all([desk.decodes(40), phone.decodes(40)]);
  await phone.write('Hi! Which trail did you like best?');
  await desk.reads('them', 'Which trail');
  await desk.write('The one round the lake. Do you play jazz, or listen?');
  await phone.reads('them', 'round the lake');
  await phone.write('Both, badly.');
  await desk.reads('them', 'Both, badly');
  for (const visitor of [desk, phone]) await visitor.page.waitForSelector('#quality[data-level="good"]', { timeout: 60_000 }).catch(() => {}); // as good as this machine
  await shoot(desk, 'chat.png');
  await shoot(phone, 'phone.png');
} finally {
  await Promise.all([desk.close(), phone.close()]);
  await daemon.stop();
}
