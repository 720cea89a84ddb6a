// @ts-check
// Stills are grey and blurred, but while somebody holds a key or a button.

const held = /** @type {Set<HTMLElement>} */ (new Set());

/** @param {HTMLElement} still */
function lift(still) {
  if (document.hidden || !document.hasFocus()) return;
  still.dataset.held = '';
  held.add(still);
}

/** Veils all stills again. */
export function veil() {
  for (const still of held) delete still.dataset.held;
  held.clear();
}

/** Lifts the veil of the still that has the focus, or is the current one. @param {HTMLElement} within */
export function hold(within) {
  const still = within.querySelector('.still:focus') ?? within.querySelector('.part.current .still');
  if (still instanceof HTMLElement) lift(still);
}

/** Whatever takes the page out of sight or the key out of hand ends it. */
export function watchHold() {
  for (const type of ['pointerup', 'pointercancel', 'dragstart', 'pagehide']) window.addEventListener(type, veil, true);
  window.addEventListener('blur', veil); // its own: that of an element does not bubble
  document.addEventListener('visibilitychange', veil);
  document.addEventListener('keyup', veil, true);
}

/**
 * A still that shows itself while it is held down.
 * @param {Uint8Array<ArrayBuffer>} data
 * @param {string} type
 * @param {string} name
 * @param {(url: string) => void} made is told the URL, to revoke it
 */
export function still(data, type, name, made) {
  const url = URL.createObjectURL(new Blob([data], { type }));
  made(url);
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'still';
  const image = document.createElement('img');
  image.src = url;
  image.alt = '';
  image.draggable = false;
  const label = document.createElement('span');
  label.textContent = `${name}: hold to show`;
  button.append(image, label);
  button.addEventListener('pointerdown', (event) => {
    if (event.button === 0) lift(button);
  });
  button.addEventListener('pointerleave', veil);
  button.addEventListener('contextmenu', (event) => event.preventDefault()); // of a finger that holds it
  return button;
}
