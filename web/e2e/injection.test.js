// Trial B1: what strangers and operators write is shown as text and never run.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { FirefoxVisitor } from './firefox.js';
import { injections } from './injections.js';
import { Visitor } from './visitor.js';

/** @typedef {import('./guest.js').Guest} Guest */

const longestInterest = 32; // characters
const mostInterests = 10;
const longestReason = 200;

/** Counts what runs: every entry of the corpus calls alert. @param {Guest} guest */
async function watch(guest) {
  await guest.evaluate(() => {
    const seen = /** @type {any} */ (window).seen;
    seen.ran = 0;
    window.alert = () => void seen.ran++;
  });
}

/** What ran, what the policy stopped, and what became an element where text belongs. @param {Guest} guest */
function harm(guest) {
  return guest.evaluate(() => {
    const { ran, violations } = /** @type {any} */ (window).seen;
    const texts = '#log .body, #interests li, #ban-reason, #status, #notice, #banner';
    const strange = 'script:not([src]):not([type="application/json"], body > script[type="module"]:last-child), img[src="x"], iframe, object, embed, base, math, marquee, [onerror], [onload], [onfocus]';
    const made = [...document.querySelectorAll(strange)].map((e) => e.outerHTML);
    for (const e of document.querySelectorAll('#log .body *, #ban-reason *')) made.push(e.outerHTML);
    return { ran, violations, made, texts: document.querySelectorAll(texts).length > 0 };
  });
}

/** @param {Guest} guest */
async function unharmed(guest) {
  assert.deepEqual(await harm(guest), { ran: 0, violations: [], made: [], texts: true });
}

/** Sends a message of the protocol past the page's own checks. @param {Guest} guest @param {object} message */
function send(guest, message) {
  return guest.evaluate((m) => /** @type {any} */ (window).seen.sockets.at(-1).send(JSON.stringify(m)), message);
}

/** @param {Guest[]} guests @param {string} url @param {object} first interests of all of them */
async function meet(guests, url, ...first) {
  for (const guest of guests) {
    await guest.goto(url);
    await watch(guest);
    await guest.start('text', ...first);
    await guest.state(guest === guests[0] ? 'waiting' : 'chatting');
  }
  await guests[0].state('chatting');
}

/** Every entry as a text of the chat, three in each: the server takes 2 a second. @param {Guest} from @param {Guest} to */
async function asTexts(from, to) {
  const { pair } = (await from.received('matched')).at(-1);
  const fate = async (/** @type {string} */ id) => [...(await from.received('sent')), ...(await from.received('rejected'))].find((m) => m.id === id);
  let delivered = 0;
  for (let i = 0, tries = 0; i < injections.length; tries++) {
    const id = `x${tries}`;
    await send(from, { type: 'text', pair, id, body: injections.slice(i, i + 3).join('\n') });
    await from.until((wanted) => /** @type {any} */ (window).seen.messages.some((/** @type {string} */ m) => /"(sent|rejected)"/.test(m) && JSON.parse(m).id === wanted), id);
    const { type, code } = await fate(id);
    if (type === 'sent') {
      delivered++;
      i += 3;
    } else {
      assert.equal(code, 'rate_limited');
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
  await to.receives('text', delivered);
  const want = (await to.received('text')).map(({ body }) => body);
  const got = await to.evaluate(() => [...document.querySelectorAll('#log li[data-from="them"] .body')].map((e) => e.textContent));
  assert.deepEqual(got, want, 'shown as it came');
  return delivered;
}

/** Has the page's searches name these, past its own checks. @param {Guest} guest @param {string[]} interests */
function nameInterests(guest, interests) {
  return guest.evaluate((all) => {
    const socket = /** @type {any} */ (window).seen.sockets.at(-1);
    socket.send = (/** @type {string} */ text) => {
      const message = JSON.parse(text);
      WebSocket.prototype.send.call(socket, JSON.stringify(message.type === 'find' ? { ...message, interests: all } : message));
    };
  }, interests);
}

/** Every entry that is short enough as an interest, which both sides are told that they share. @param {Guest} a @param {Guest} b */
async function asInterests(a, b) {
  const short = injections.filter((text) => [...text].length <= longestInterest && !/\p{Cc}/u.test(text)); // the server refuses others
  let shown = 0;
  for (let i = 0; i < short.length; i += mostInterests) {
    const interests = short.slice(i, i + mostInterests);
    const before = (await b.received('matched')).length;
    for (const guest of [a, b]) await nameInterests(guest, interests);
    await a.click('#next'); // and the other's page searches by itself
    for (const guest of [a, b]) {
      await guest.receives('matched', before + 1);
      assert.deepEqual((await guest.received('error')).filter(({ code }) => code !== 'challenge_required'), []); // which the page answers
    }
    const { common } = (await b.received('matched')).at(-1);
    assert.ok(common.length > 0);
    await b.until((wanted) => document.querySelector('#log')?.textContent?.includes(wanted) === true, common[0]);
    for (const guest of [a, b]) await unharmed(guest);
    shown += common.length;
  }
  return shown;
}

/** Every entry as a report's reason and note. @param {Guest} guest */
async function asReports(guest) {
  const { pair } = (await guest.received('matched')).at(-1);
  for (const text of injections) {
    await send(guest, { type: 'report', pair, reason: text, note: text });
    await send(guest, { type: 'report', pair, reason: 'other', note: text });
  }
  const before = (await guest.received('sent')).length;
  await send(guest, { type: 'text', pair, id: 'last', body: 'after the reports' });
  await guest.receives('sent', before + 1); // what the reports were answered with came before
}

test('B1 script injections in texts, interests, reports and bans are shown as text', async (t) => {
  const daemon = await startDaemon('--match-patience', '300ms', '--filter-links', 'allow', '--filter-words', 'allow', '--filter-repeats', '0', '--filter-mute-after', '0', '--filter-ban-after', '0');
  t.after(() => daemon.stop());
  const guests = await Promise.all([Visitor.for(t, daemon.url), FirefoxVisitor.for(t, daemon.url)]);
  const [chromium, firefox] = guests;
  assert.ok(new Set(injections).size >= 60, `${injections.length} injections`);

  await meet(guests, daemon.url, '<b onfocus=alert(1)>', '"><svg onload=alert(1)>');
  const [there, back] = await Promise.all([asTexts(chromium, firefox), asTexts(firefox, chromium)]);
  for (const guest of guests) await unharmed(guest);
  const shared = await asInterests(chromium, firefox);
  await asReports(chromium);
  for (const guest of guests) await unharmed(guest);

  let banned = 0;
  for (let i = 0; i < injections.length; banned++) {
    let reason = '';
    while (i < injections.length && [...(reason + injections[i])].length < longestReason) reason += `${injections[i++].replace(/[\p{Cc}\p{Cf}]/gu, '')} `; // which a reason may not have
    await daemon.control('ban', '127.0.0.1', '--force', '--permanent', '--reason', reason.trim());
    for (const guest of guests) {
      if (banned > 0) await guest.click('#ban-check');
      await guest.state('banned');
      await guest.until((wanted) => document.querySelector('#ban-reason')?.textContent === wanted, reason.trim());
      await unharmed(guest);
    }
  }
  t.diagnostic(`figure: ${injections.length} injections, ${there + back} texts, ${shared} interests, ${banned} bans; executions 0, violations 0`);

  // What would run is noticed, and what the policy stops too.
  for (const guest of guests) {
    const stopped = await guest.evaluate(() => {
      const place = /** @type {HTMLElement} */ (document.querySelector('#ban-reason'));
      const image = document.createElement('img');
      image.onerror = () => alert(1);
      image.src = 'x';
      place.append(image);
      try {
        place.innerHTML = '<img src=x onerror=alert(1)>';
        return false;
      } catch {
        return true; // Trusted Types
      }
    });
    await guest.until(() => /** @type {any} */ (window).seen.ran === 1);
    const found = await harm(guest);
    assert.ok(stopped && found.made.length > 0 && found.violations.length > 0, JSON.stringify({ stopped, ...found }));
  }
});
