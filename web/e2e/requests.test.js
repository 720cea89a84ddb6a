// No request to anybody but the site, ever, and no cookie: a whole visit with
// each kind of browser, all of whose traffic goes through a recorder.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { FirefoxVisitor } from './firefox.js';
import { startRecorder } from './recorder.js';
import { Visitor } from './visitor.js';

/** @typedef {import('./guest.js').Guest} Guest */

// What Chromium asks its maker on its own account, on an empty page too. A page
// that asked these would be found by what the browser tells of the page's requests.
const makers = /^(https?:\/\/)?(update\.googleapis|accounts\.google|content-autofill\.googleapis|optimizationguide-pa\.googleapis|redirector\.gvt1|clients2\.google|clientservices\.googleapis|safebrowsing\.googleapis|safebrowsingohttpgateway\.googleapis|android\.clients\.google|mtalk\.google|edgedl\.me\.gvt1)\.com(:|\/)/;

/**
 * Those that are for somebody else than the site, or its relay: Firefox asks for
 * that by the same way.
 * @param {string[]} asked URLs, or host:port of tunnels
 * @param {import('./daemon.js').Daemon} daemon
 */
function foreign(asked, daemon) {
  const own = daemon.ready.match(/[\d.]+:\d+/g) ?? [];
  return asked.filter((what) => !/^(data|blob):/.test(what) && !own.includes(what.includes('//') ? new URL(what).host : what));
}

/** Hosts of the relays that the page was told to use. @param {Guest} guest */
async function relays(guest) {
  const urls = await guest.evaluate(() =>
    /** @type {any} */ (window).seen.peers.flatMap((/** @type {RTCPeerConnection} */ peer) =>
      peer.signalingState === 'closed' ? [] : (peer.getConfiguration().iceServers ?? []).flatMap(({ urls }) => urls),
    ),
  );
  return [...new Set(urls.map((/** @type {string} */ url) => url.replace(/^turns?:/, '').replace(/:\d+.*$/, '')))];
}

test('no request to a third party, and no cookie, in a whole visit with Chromium and Firefox', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const recorders = await Promise.all([startRecorder(daemon.url), startRecorder(daemon.url)]);
  t.after(() => recorders.forEach((recorder) => recorder.stop()));
  const chromium = await Visitor.for(t, daemon.url, { args: [`--proxy-server=http://127.0.0.1:${recorders[0].port}`, '--proxy-bypass-list=<-loopback>'] });
  const firefox = await FirefoxVisitor.for(t, daemon.url, { proxy: recorders[1].port });
  const guests = [chromium, firefox];
  const told = guests.map(() => /** @type {string[]} */ ([])); // by the browsers, of their pages
  chromium.page.on('request', (request) => told[0].push(request.url()));
  firefox.page.on('request', (request) => told[1].push(request.url()));

  await chromium.start('video', 'jazz');
  await chromium.state('waiting');
  await firefox.start('video', 'jazz');
  await Promise.all(guests.map((guest) => guest.decodes(5)));
  for (const [i, guest] of guests.entries()) {
    const other = guests[1 - i];
    await guest.write(`![a picture](http://pictures.test/${i}.png) <img src="http://pictures.test/${i}.png">`);
    await other.reads('them', 'a picture');
    assert.deepEqual(await relays(guest), ['127.0.0.1']);
  }
  const links = await chromium.evaluate(() => [...document.querySelectorAll('footer a:not([hreflang])')].map((a) => /** @type {HTMLAnchorElement} */ (a).href));
  assert.ok(links.length >= 10);
  for (const guest of guests) {
    for (const link of links) await guest.goto(link);
    assert.equal(await guest.evaluate(() => document.cookie), '');
    assert.deepEqual(guest.errors, []);
  }

  for (const [i, recorder] of recorders.entries()) {
    const kind = ['Chromium', 'Firefox'][i];
    t.diagnostic(`${kind}: ${recorder.asked.length} requests`);
    for (const link of links) assert.ok(recorder.asked.includes(link), `${kind} asked for ${link}`);
    assert.ok(recorder.asked.includes(new URL(daemon.url).host), `${kind}'s WebSocket`);
    assert.deepEqual(foreign(recorder.asked, daemon).filter((what) => !makers.test(what)), [], kind);
    for (const link of links) assert.ok(told[i].includes(link), `${kind} told of ${link}`);
    assert.deepEqual(foreign(told[i], daemon), [], kind);
    assert.deepEqual(recorder.cookies, [], kind);
  }

  // The recorder can see what is not there.
  for (const [i, guest] of guests.entries()) {
    await guest.evaluate(() => void (document.cookie = 'crumb=1'));
    await guest.goto(links[0]);
    assert.ok(recorders[i].cookies.includes('crumb=1'));
    await guest.goto('http://elsewhere.test/').catch(() => {}); // refused
    assert.deepEqual([...new Set(foreign(recorders[i].asked, daemon))].filter((what) => !makers.test(what) && !what.endsWith('/favicon.ico')), ['http://elsewhere.test/']);
  }
});
