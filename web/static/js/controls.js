// @ts-check
// The controls of the chat view that need nothing of a visit but Next: keys, swipes,
// the menu, and what can be set for the pictures.

import { byId } from './dom.js';
import { Keys } from './keys.js';
import { setUpMenu } from './menu.js';
import { setUpSaverOffer } from './meter.js';
import { setUpFullScreen, setUpPictureInPicture } from './screen.js';
import { setUpSelf } from './self.js';
import { onSwipe } from './swipe.js';
import { bindToggle, bindVolume } from './toggle.js';
import { Undo } from './undo.js';

/**
 * @param {import('./room.js').Room} room
 * @param {import('./stage.js').Stage} stage
 * @param {import('./pairs.js').Pairs} pairs
 * @param {() => void} next
 */
export function setUpControls(room, stage, pairs, next) {
  const undo = new Undo((on) => stage.veil.set('next', on));
  const skip = () => (room.state === 'chatting' ? undo.ask(next) : next());
  pairs.changed = () => undo.cancel(); // the chat that Next was meant for is over
  new Keys((event) => undo.key(event), skip);
  onSwipe(byId('stage', HTMLElement), skip);
  setUpMenu();
  setUpFullScreen();
  setUpPictureInPicture();
  setUpSelf();
  setUpSaverOffer();
  bindToggle('saver', 'saver');
  bindToggle('blur-always', 'blur');
  bindVolume(byId('remote-video', HTMLVideoElement));
}
