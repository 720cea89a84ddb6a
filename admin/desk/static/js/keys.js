// @ts-check
// Everything can be done with keys, and ? shows them.

import { byId, make } from './dom.js';

/**
 * @typedef {object} Binding
 * @property {string} key as KeyboardEvent has it
 * @property {string} does
 * @property {() => void} run
 * @property {boolean} [whileTyping] in text fields too
 */

const dialog = byId('help', HTMLDialogElement);

/** @param {EventTarget | null} target */
function types(target) {
  return target instanceof HTMLInputElement && target.type !== 'checkbox' && target.type !== 'file';
}

/**
 * @param {() => Binding[]} now what the keys do just now
 * @param {() => void} held Space was pressed, to be held
 */
export function listen(now, held) {
  const help = () => {
    const all = [...now(), { key: '?', does: 'this list' }];
    byId('help-keys', HTMLElement).replaceChildren(...all.flatMap(({ key, does }) => [make('dt', {}, make('kbd', {}, key === ' ' ? 'Space' : key)), make('dd', {}, does)]));
    dialog.showModal();
  };
  byId('help-open', HTMLElement).addEventListener('click', help);
  byId('help-close', HTMLElement).addEventListener('click', () => dialog.close());
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    const typing = types(event.target);
    if (event.key === ' ') {
      const other = event.target instanceof HTMLElement && event.target.matches('a, button:not(.still), input');
      if (other) return;
      event.preventDefault(); // the page does not scroll
      if (!event.repeat) held();
      return;
    }
    if (event.repeat && event.key === 'Enter') return event.preventDefault(); // what one press began, another ends
    if (event.key === '?' && !typing) return help();
    const binding = now().find(({ key, whileTyping }) => key === event.key && (!typing || whileTyping));
    if (!binding) return;
    event.preventDefault();
    binding.run();
  });
}
