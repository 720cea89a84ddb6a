// @ts-check
// Asking the server. Every request that does something carries a header that no page of
// another origin can send.

/** What the server refused, or that it did not answer. */
export class Refusal extends Error {
  /** @param {number} status 0: no answer @param {string} code @param {string} detail */
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/**
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<any>}
 */
async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, credentials: 'same-origin', cache: 'no-store', redirect: 'error' });
  } catch {
    throw new Refusal(0, 'offline', 'The server does not answer. Is it running, and is your tunnel open?');
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  throw new Refusal(response.status, body.code ?? '', body.detail ?? `The server answered ${response.status}.`);
}

/** @param {string} path */
export function get(path) {
  return ask(path, {});
}

/** @param {string} path @param {object} [body] @param {{keepalive?: boolean}} [options] */
export function post(path, body = {}, options = {}) {
  return ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json', 'Joingyd-Desk': '1' }, body: JSON.stringify(body), ...options });
}

/** @param {string} id @param {'open' | 'keep' | 'release' | 'decide'} what */
export function ofCase(id, what) {
  return `/api/cases/${encodeURIComponent(id)}/${what}`;
}
