// @ts-check
// The one Trusted Types policy of the site, which the content security policy allows
// by its name: it makes the URLs of the two workers, and nothing else.

const workers = [/^\/sw\.js$/, /^\/static\/parts-[0-9a-f]{12}\/stills\.js$/];

/** @type {{createScriptURL(url: string): string} | undefined} as text to the type checker; undefined: a browser without Trusted Types */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy('joingyd', {
  /** @param {string} wanted */
  createScriptURL(wanted) {
    if (!workers.some((worker) => worker.test(wanted))) throw new TypeError(`${wanted} is no worker of this site`);
    return wanted;
  },
});

/** A worker's URL, as what starts it wants it. @param {string} url */
export const workerURL = (url) => policy?.createScriptURL(url) ?? url;
