// @ts-check
// The one Trusted Types policy of the site, which the content security policy allows
// by its name: it makes the URL of the service worker, and nothing else.

const url = '/sw.js';

/** @type {{createScriptURL(url: string): string} | undefined} as text to the type checker; undefined: a browser without Trusted Types */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy('joingyd', {
  /** @param {string} wanted */
  createScriptURL(wanted) {
    if (wanted !== url) throw new TypeError(`${wanted} is not the service worker`);
    return url;
  },
});

/** The service worker's URL, as navigator.serviceWorker.register wants it. */
export const workerURL = () => policy?.createScriptURL(url) ?? url;
