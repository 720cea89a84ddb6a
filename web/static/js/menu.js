// @ts-check
// The chat's menu, above its button. Where there is little room it takes in the
// tools of the bar.

import { byId } from './dom.js';

export function setUpMenu() {
  const menu = byId('menu', HTMLElement);
  const opener = byId('more', HTMLButtonElement);
  const tools = byId('tools', HTMLElement);
  const roomy = matchMedia('(min-width: 1200px)');
  const place = () => {
    if (roomy.matches) opener.before(tools);
    else menu.prepend(tools);
  };
  roomy.addEventListener('change', place);
  place();
  menu.addEventListener('beforetoggle', (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== 'open') return;
    const { top, right } = opener.getBoundingClientRect();
    const room = innerWidth - Math.min(304, innerWidth - 16) - 8; // to its right, where it touches the left edge
    menu.style.bottom = `${Math.max(8, innerHeight - top + 8)}px`;
    menu.style.right = `${Math.max(8, Math.min(innerWidth - right, room))}px`;
    menu.style.maxHeight = `${Math.max(120, top - 16)}px`;
  });
  menu.addEventListener('toggle', (event) => {
    opener.setAttribute('aria-expanded', String(/** @type {ToggleEvent} */ (event).newState === 'open'));
  });
  addEventListener('resize', () => menu.hidePopover());
}
