// @ts-check
// One's own picture: in one of four corners, or out of sight.

import { byId } from './dom.js';
import { announce } from './announce.js';
import { t } from './words.js';

const corners = /** @type {const} */ (['top-left', 'top-right', 'bottom-right', 'bottom-left']); // clockwise

export function setUpSelf() {
  const stage = byId('stage', HTMLElement);
  const self = byId('self', HTMLElement);
  const mover = byId('self-move', HTMLButtonElement);
  const shower = byId('self-show', HTMLButtonElement);

  /** @param {string} corner */
  const move = (corner) => {
    if (self.dataset.corner === corner) return;
    self.dataset.corner = corner;
    announce(t(`corner.${corner}`));
  };
  mover.addEventListener('click', () => {
    const now = corners.findIndex((corner) => corner === self.dataset.corner);
    move(corners[(now + 1) % corners.length]);
  });
  mover.addEventListener('keydown', (event) => {
    const [high, wide] = (self.dataset.corner ?? '').split('-');
    const to = { ArrowUp: `top-${wide}`, ArrowDown: `bottom-${wide}`, ArrowLeft: `${high}-left`, ArrowRight: `${high}-right` }[event.key];
    if (!to) return;
    event.preventDefault();
    move(to);
  });
  shower.addEventListener('click', () => {
    const off = shower.getAttribute('aria-pressed') !== 'true';
    shower.setAttribute('aria-pressed', String(off));
    self.classList.toggle('away', off);
  });

  /** @type {PointerEvent | null} */
  let from = null;
  self.addEventListener('pointerdown', (event) => {
    if (event.target === mover || mover.contains(/** @type {Node} */ (event.target))) return;
    from = event;
    self.setPointerCapture(event.pointerId);
  });
  self.addEventListener('pointermove', (event) => {
    if (from) self.style.translate = `${event.clientX - from.clientX}px ${event.clientY - from.clientY}px`;
  });
  const drop = () => {
    if (!from) return;
    from = null;
    const [mine, whole] = [self.getBoundingClientRect(), stage.getBoundingClientRect()];
    const high = mine.top + mine.bottom < whole.top + whole.bottom ? 'top' : 'bottom';
    const wide = mine.left + mine.right < whole.left + whole.right ? 'left' : 'right';
    self.style.translate = '';
    move(`${high}-${wide}`);
  };
  self.addEventListener('pointerup', drop);
  self.addEventListener('pointercancel', drop);
}
