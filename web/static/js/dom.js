// @ts-check
// Finding and building elements. Text goes in as text, never as markup.

/**
 * The element with this id, which the page must have.
 * @template {Element} T
 * @param {string} id
 * @param {new (...args: any[]) => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page lacks #${id}`);
  return element;
}

/**
 * A new element with a text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, text = '') {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

/**
 * Shows an element with a text, or hides it if the text is empty.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === '';
}

/**
 * Says in a box what is wrong, and what to do about it.
 * @param {HTMLElement} box
 * @param {import('./support.js').Problem} problem
 */
export function explain(box, problem) {
  box.replaceChildren(make('b', problem.text), ' ', make('span', problem.remedy));
  box.hidden = false;
}

/**
 * A list's item with a button that takes it away.
 * @param {string} text
 * @param {string} label of the button
 * @param {() => void} remove
 */
export function removable(text, label, remove) {
  const item = make('li', text);
  const button = make('button', '×');
  button.type = 'button';
  button.setAttribute('aria-label', label);
  button.addEventListener('click', remove);
  item.append(button);
  return item;
}
