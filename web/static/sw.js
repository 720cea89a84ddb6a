// @ts-check
// The service worker: it keeps the files of one version of the site on the device,
// so that it starts at once, and a page that tells a visitor without network so. The
// server puts a line before this file that sets self.shell.

/** @typedef {{prefix: string, offline: string, files: string[]}} Shell what to keep: files whose path starts with prefix */

const worker = /** @type {ServiceWorkerGlobalScope & {shell: Shell}} */ (/** @type {unknown} */ (self));
const { prefix, offline, files } = worker.shell;
const ours = 'joingyd ';
const version = ours + prefix; // the cache's name

worker.addEventListener('install', (event) => event.waitUntil(keep()));
worker.addEventListener('activate', (event) => event.waitUntil(forget()));
worker.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== location.origin || pathname === '/ws' || pathname.startsWith('/api/')) return;
  if (mode === 'navigate') event.respondWith(page(event.request));
  else if (pathname.startsWith(prefix)) event.respondWith(asset(event.request));
});

async function keep() {
  const cache = await caches.open(version);
  await cache.addAll([new Request(offline, { cache: 'reload' }), ...files]);
  await worker.skipWaiting(); // pages name the version of what they load: two may live side by side
}

/** Deletes what other versions kept. */
async function forget() {
  const others = (await caches.keys()).filter((name) => name.startsWith(ours) && name !== version);
  await Promise.all(others.map((name) => caches.delete(name)));
}

/** A page: from the network, always. @param {Request} request */
async function page(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(offline, { ignoreVary: true })) ?? Response.error();
  }
}

/** A file that never changes: kept, or else from the network. @param {Request} request */
async function asset(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request).catch(() => Response.error()); // as where the page is left meanwhile
}
