// @ts-check
// A sideways swipe with one finger.

const least = 80; // px

/**
 * @param {HTMLElement} area
 * @param {() => void} swiped
 */
export function onSwipe(area, swiped) {
  /** @type {PointerEvent | null} */
  let first = null;
  let fingers = 0;
  area.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'touch') return;
    fingers = event.isPrimary ? 1 : fingers + 1;
    const control = event.target instanceof Element && event.target.closest('button, input, select, textarea, a, [data-own-touch]');
    first = fingers === 1 && !control ? event : null; // two fingers zoom
  });
  area.addEventListener('pointerup', (event) => {
    if (!first || event.pointerId !== first.pointerId) return;
    const [across, along] = [Math.abs(event.clientX - first.clientX), Math.abs(event.clientY - first.clientY)];
    first = null;
    if (across >= least && across > 2 * along) swiped();
  });
  area.addEventListener('pointercancel', () => { // it became a scroll or a zoom
    first = null;
  });
}
