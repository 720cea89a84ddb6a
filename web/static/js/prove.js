// @ts-check
// The page that the age checker sends the browser back to: has the code changed for a
// pass, keeps it, and goes on.

import { byId } from './dom.js';
import { begin, begun, finish, keepPass } from './pass.js';

/** @typedef {'wait' | 'done' | 'not_adult' | 'useless' | 'lost' | 'unavailable'} Outcome */

const again = byId('age-again', HTMLButtonElement);
const back = byId('age-back', HTMLAnchorElement);

/** @param {Outcome} outcome */
function say(outcome) {
  for (const line of byId('age-said', HTMLElement).children) {
    if (line instanceof HTMLElement) line.hidden = line.dataset.says !== outcome;
  }
  again.hidden = outcome !== 'unavailable';
  back.hidden = outcome === 'wait';
}

/** The check that the visitor is back from, null if this window knows of none. */
function returned() {
  const query = new URLSearchParams(location.search);
  history.replaceState(null, '', location.pathname); // neither state nor code is for the history
  const check = begun();
  if (check && query.get('state') === check.state) {
    check.code = query.get('code') ?? '';
    begin(check); // for a reload
  }
  return check?.code ? check : null;
}

const check = returned();

/** @returns {Promise<Outcome>} */
async function redeem() {
  if (!check) return 'lost';
  const { state, nonce, code } = check;
  const answer = await fetch('/api/age', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ state, nonce, code }),
    credentials: 'same-origin',
  });
  if (answer.status === 429 || answer.status >= 500) return 'unavailable';
  const said = await answer.json();
  finish();
  if (!answer.ok) return said.code === 'not_adult' ? 'not_adult' : 'useless';
  keepPass(said.pass, said.expires);
  return 'done';
}

async function prove() {
  say('wait');
  let outcome = /** @type {Outcome} */ ('unavailable');
  try {
    outcome = await redeem();
  } catch (error) {
    console.debug('proof of age:', error);
  }
  say(outcome);
  if (outcome === 'done') location.replace(back.href);
}

// Only a path of this site, whatever the storage says.
if (check?.back.startsWith('/')) back.href = new URL(check.back, location.origin).pathname + new URL(check.back, location.origin).search;
again.addEventListener('click', prove);
prove();
