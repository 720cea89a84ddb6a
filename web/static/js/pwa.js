// @ts-check
// Makes the site one that can be installed, and that says so without network.

import { workerURL } from './worker-url.js';

/** Registers the service worker once the page is there. Everything works without it. */
export function install() {
  if (document.readyState === 'complete') void register();
  else addEventListener('load', () => void register(), { once: true });
}

async function register() {
  try {
    await navigator.serviceWorker?.register(workerURL('/sw.js'));
  } catch {
    // Forbidden here: a private window, storage switched off, a certificate made by oneself.
  }
}
