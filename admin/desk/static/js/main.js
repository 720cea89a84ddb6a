// @ts-check
// The moderators' page: log in, the queue, one case at a time.

import { get, ofCase, post, Refusal } from './api.js';
import { clearCase, showCase, showClaim } from './case.js';
import { back, choices, clearDecision, showActions, watchDecision } from './decide.js';
import { byId, say, sayOrHide } from './dom.js';
import { clearEvidence, mark, showEvidence, watchKey } from './evidence.js';
import { listen } from './keys.js';
import { clearQueue, focusCase, showQueue, step } from './queue.js';
import { forgetKey } from './sealed.js';
import { hold, veil, watchHold } from './veil.js';

/** @typedef {import('./types.js').State} State */

const beat = 15_000; // ms between two looks at the server
const keepEvery = 60_000; // ms between two claims of what is looked at
const looksFor = 5 * 60_000; // ms without a key or a move after which nobody looks, as long as a claim lasts

const views = /** @type {const} */ (['login', 'queue', 'case']);
let view = /** @type {(typeof views)[number]} */ ('login');
let state = /** @type {State | null} */ (null); // null: nobody is logged in
let open = ''; // the case that is looked at
let kept = 0; // when it was claimed last
let moved = Date.now(); // when the person did something

/** @param {(typeof views)[number]} to */
function turnTo(to) {
  view = to;
  for (const name of views) byId(name, HTMLElement).hidden = name !== to;
}

/** @param {string} text */
function tell(text) {
  say(byId('status', HTMLElement), text);
  say(byId('problem', HTMLElement), '');
}

/** @param {unknown} error */
function fail(error) {
  if (error instanceof Refusal && error.status === 401) return over(error.message);
  say(byId('status', HTMLElement), '');
  say(byId('problem', HTMLElement), error instanceof Error ? error.message : String(error));
}

/** @param {State} now */
function loggedIn(now) {
  state = now;
  sayOrHide(byId('who', HTMLElement), now.user);
  byId('logout', HTMLElement).hidden = false;
}

/** Nobody is logged in any more: nothing stays on the page or in its memory. @param {string} why @param {string} [proxy] */
function over(why, proxy = '') {
  state = null;
  leave();
  forgetKey();
  clearQueue();
  sayOrHide(byId('who', HTMLElement), '');
  byId('logout', HTMLElement).hidden = true;
  byId('by-proxy', HTMLElement).hidden = proxy === '';
  turnTo('login');
  byId('login-title', HTMLElement).focus();
  tell(why);
}

/** Takes the case off the page. */
function leave() {
  open = '';
  clearCase();
  clearEvidence();
  clearDecision();
}

/** @param {object} how */
async function login(how) {
  try {
    loggedIn(await post('/api/login', how));
    tell('');
    await toQueue();
  } catch (error) {
    over(error instanceof Error ? error.message : String(error));
  }
}

/** The token of a link, which goes out of the address at once. */
function token() {
  const found = /^#login=([A-Z2-7]+)$/.exec(location.hash);
  if (location.hash) history.replaceState(null, '', '/');
  return found?.[1] ?? '';
}

/** @param {string} [id] the case to put the focus on */
async function toQueue(id) {
  leave();
  turnTo('queue');
  await refresh();
  if (view === 'queue') focusCase(id);
}

async function refresh() {
  try {
    const queue = await get('/api/cases');
    loggedIn(queue.state);
    if (view === 'queue') showQueue(queue, look);
  } catch (error) {
    fail(error);
  }
}

/** Opens a case. @param {string} id */
async function look(id) {
  try {
    const opened = /** @type {import('./types.js').Opened} */ (await post(ofCase(id, 'open')));
    loggedIn(opened.state);
    tell('');
    open = opened.case.id;
    kept = Date.now();
    clearQueue();
    turnTo('case');
    showCase(opened.case);
    showActions(opened.case);
    showEvidence(opened.evidence, opened.state.opener);
    byId('case-title', HTMLElement).focus();
    scrollTo(0, 0);
  } catch (error) {
    fail(error);
    if (state) await refresh();
  }
}

/** Back to the queue, undecided. */
async function release() {
  const id = open;
  await post(ofCase(id, 'release')).catch(fail);
  if (state) await toQueue(id);
}

/** Enter in the queue: what has the focus, else the focus comes to the first case. */
function enter() {
  const focused = document.activeElement;
  if (focused instanceof HTMLElement && focused.matches('a, button')) focused.click();
  else step(0);
}

/** Escape: one step back. */
function escape() {
  if (view === 'case' && !back()) void release();
}

/** Claims the case for longer. What somebody else has by now goes off the page. */
async function keep() {
  const before = kept;
  kept = Date.now();
  try {
    showClaim(await post(ofCase(open, 'keep')));
  } catch (error) {
    kept = before;
    if (error instanceof Refusal && error.status !== 0 && error.status !== 401) await toQueue();
    throw error;
  }
}

async function tick() {
  if (!state) return;
  if (Date.now() - moved > state.idle * 1000) {
    await post('/api/logout').catch(() => {});
    return over('You were logged out, as nothing happened for a while.');
  }
  if (view === 'case' && Date.now() - kept > looksFor) {
    await release();
    return tell('Nobody looked at the case for a while. It is back in the queue.');
  }
  try {
    if (view === 'case' && !document.hidden && Date.now() - moved < looksFor && Date.now() - kept > keepEvery) {
      await keep();
    } else if (view === 'queue' && !document.hidden) {
      await refresh();
    } else {
      const now = await get('/api/session');
      if (now.user !== state.user) over('You are logged in no longer.', now.proxy);
    }
  } catch (error) {
    fail(error);
  }
}

function bindings() {
  if (view === 'queue') {
    return [
      { key: 'j', does: 'next case', run: () => step(1) },
      { key: 'k', does: 'case before', run: () => step(-1) },
      { key: 'r', does: 'look for new cases', run: refresh },
      { key: 'Enter', does: 'open the case', run: enter },
    ];
  }
  if (view === 'case') {
    return [
      { key: 'j', does: 'next still', run: () => mark(1) },
      { key: 'k', does: 'still before', run: () => mark(-1) },
      { key: ' ', does: 'hold to show the still', run: () => {} },
      ...choices(),
      { key: 'Escape', does: 'one step back; at last to the queue, undecided', run: escape, whileTyping: true },
    ];
  }
  return [];
}

watchHold();
watchKey();
watchDecision((result, text) => {
  tell(text);
  void toQueue(result.case.id);
}, fail);
listen(bindings, () => view === 'case' && hold(byId('case', HTMLElement)));
byId('case-close', HTMLElement).addEventListener('click', release);
byId('by-proxy', HTMLElement).addEventListener('click', () => login({}));
byId('logout', HTMLElement).addEventListener('click', async () => {
  const now = await post('/api/logout').catch(() => null);
  const session = now && (await get('/api/session').catch(() => null));
  over(now ? 'You are logged out.' : 'The server does not answer; close this browser to be sure.', session?.proxy);
});
for (const type of ['keydown', 'pointerdown', 'pointermove', 'wheel']) document.addEventListener(type, () => void (moved = Date.now()), { capture: true, passive: true });
window.addEventListener('hashchange', () => {
  const found = token();
  if (found) void login({ token: found });
});
window.addEventListener('pagehide', () => {
  veil();
  if (open) void post(ofCase(open, 'release'), {}, { keepalive: true }).catch(() => {});
  leave();
  forgetKey();
});
window.addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
setInterval(tick, beat);

const found = token();
if (found) {
  await login({ token: found });
} else {
  try {
    const now = /** @type {State} */ (await get('/api/session'));
    if (now.user) {
      loggedIn(now);
      await toQueue();
    } else if (now.proxy) await login({});
    else over('');
  } catch (error) {
    over('');
    fail(error);
  }
}
