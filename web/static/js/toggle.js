// @ts-check
// Buttons and sliders that show a setting, and change it.

import { byId } from './dom.js';
import { settings } from './settings.js';

/**
 * A button that is pressed while a setting is on.
 * @param {string} id
 * @param {'blur' | 'saver'} name
 */
export function bindToggle(id, name) {
  const button = byId(id, HTMLButtonElement);
  const show = () => button.setAttribute('aria-pressed', String(settings.get(name)));
  button.addEventListener('click', () => settings.set(name, !settings.get(name)));
  settings.on(name, show);
  show();
}

/** The partner's volume. @param {HTMLVideoElement} video */
export function bindVolume(video) {
  const slider = byId('volume', HTMLInputElement);
  const show = () => {
    video.volume = settings.get('volume');
    slider.value = String(Math.round(video.volume * 100));
  };
  slider.addEventListener('input', () => settings.set('volume', Number(slider.value) / 100));
  settings.on('volume', show);
  show();
}
