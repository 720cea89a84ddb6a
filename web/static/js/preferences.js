// @ts-check
// The preferences cookie, by which the server knows theme and language before it
// sends a page (web/variant.go). It is set only when the visitor chooses one.

const name = 'joingyd_prefs';
const year = 365 * 24 * 3600; // seconds

/** @typedef {'lang' | 'theme'} Preference */

/** What was chosen, '' if nothing was. @param {Preference} field */
export function preference(field) {
  return read().get(field) ?? '';
}

/**
 * Remembers a choice. With none left the cookie goes.
 * @param {Preference} field
 * @param {string} value '' for none
 */
export function prefer(field, value) {
  const chosen = read();
  if (value) chosen.set(field, value);
  else chosen.delete(field);
  write(chosen.toString());
}

/** Removes the cookie. */
export function forgetPreferences() {
  write('');
}

function read() {
  const cookie = document.cookie.split('; ').find((part) => part.startsWith(`${name}=`));
  return new URLSearchParams(cookie?.slice(name.length + 1));
}

/** @param {string} value */
function write(value) {
  if (!value && !document.cookie.includes(`${name}=`)) return;
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `${name}=${value}; Path=/; Max-Age=${value ? year : 0}; SameSite=Strict${secure}`;
}
