// @ts-check
// Finding and building elements. What visitors wrote goes in as text, never as markup.

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
 * A new element with texts and elements in it.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {{class?: string, is?: string}} [as]
 * @param {...(string | Node)} inside
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, as = {}, ...inside) {
  const element = document.createElement(tag);
  if (as.class) element.className = as.class;
  if (as.is) element.dataset.is = as.is;
  element.append(...inside);
  return element;
}

/** @param {HTMLElement} element @param {string} text */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows an element with a text, or hides it if there is none. @param {HTMLElement} element @param {string} text */
export function sayOrHide(element, text) {
  say(element, text);
  element.hidden = text === '';
}

/** @param {HTMLElement} list @param {[string, string | Node][]} entries of a dl */
export function define(list, entries) {
  list.replaceChildren(...entries.flatMap(([term, what]) => [make('dt', {}, term), make('dd', {}, what)]));
}
