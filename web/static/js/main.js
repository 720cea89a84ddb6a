// @ts-check
// Start reading here: builds the views of the page and joins them to a Visit,
// which is where everything happens.

import { BanView } from './ban.js';
import { Camera } from './camera.js';
import { Chat } from './chat.js';
import { setUpControls } from './controls.js';
import { Options } from './options.js';
import './page.js';
import { Pairs } from './pairs.js';
import { Preview } from './preview.js';
import { install } from './pwa.js';
import { ReportDialog } from './report.js';
import { Room } from './room.js';
import { Stage } from './stage.js';
import { StartView } from './start.js';
import { Visit } from './visit.js';

const camera = new Camera();
const preview = new Preview(camera, () => visit.begin('video'));
const start = new StartView((mode) => visit.begin(mode), preview);
const room = new Room({
  next: () => visit.next(),
  stop: () => visit.stop(),
  report: () => report.show(pairs),
  stopReport: () => visit.stopAndReport(),
  block: () => visit.block(pairs.now || pairs.before),
});
const pairs = new Pairs((can) => room.reportable(can));
const stage = new Stage((kind, on) => camera.enable(kind, on));
const chat = new Chat({
  text: (id, body) => visit.say({ type: 'text', id, body }),
  typing: (on) => visit.say({ type: 'typing', on }),
  delivered: (line) => pairs.keep(line),
});
const report = new ReportDialog(
  (form) => visit.report(form),
  (pair) => visit.block(pair),
  () => visit.reportClosed(),
);
setUpControls(room, stage, pairs, () => visit.next());
const ban = new BanView(() => visit.end());

/** @type {Visit} */
const visit = new Visit({ start, room, stage, camera, chat, pairs, report, ban });
new Options();
addEventListener('pagehide', () => visit.end());
start.show();
install();
