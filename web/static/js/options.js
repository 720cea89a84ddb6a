// @ts-check
// The settings dialog: switches of settings.js, and forgetting them.

import { byId } from './dom.js';
import { Remap } from './remap.js';
import { forgetPreferences } from './preferences.js';
import { forgetReceipt, showReceipt } from './receipt.js';
import { settings } from './settings.js';

export class Options {
  #dialog = byId('settings', HTMLDialogElement);

  constructor() {
    new Remap();
    showReceipt();
    byId('settings-open', HTMLButtonElement).addEventListener('click', () => this.#dialog.showModal());
    for (const box of this.#dialog.querySelectorAll('input')) {
      const { setting } = box.dataset;
      if (setting === 'blur' || setting === 'saver' || setting === 'undo') bind(box, setting);
    }
    byId('forget', HTMLButtonElement).addEventListener('click', () => {
      settings.forget();
      forgetPreferences();
      forgetReceipt();
      location.replace(location.pathname); // a page that knows nothing, in the browser's language
    });
  }
}

/** @param {HTMLInputElement} box @param {'blur' | 'saver' | 'undo'} setting */
function bind(box, setting) {
  box.checked = settings.get(setting);
  box.addEventListener('change', () => settings.set(setting, box.checked));
  settings.on(setting, (on) => void (box.checked = on));
}
