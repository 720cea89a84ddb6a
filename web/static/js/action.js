// @ts-check
// What the server, or the site's people, did to a visitor or for them.

import { announce } from './announce.js';
import { muted, t, veiled } from './words.js';

/**
 * Does what an `action` says, as far as that is up to the page.
 * @param {import('./types.js').ServerMessage} m
 * @param {boolean} now whether it is about the chat of now
 * @param {Pick<import('./types.js').Views, 'chat' | 'stage'>} views
 */
export function act(m, now, { chat, stage }) {
  switch (m.do) {
    case 'mute':
      return chat.system(muted('muted', m.until));
    case 'warn':
      return chat.system(t('warned', { reason: m.reason ?? '' }));
    case 'blur':
      return now && hide(stage, m.reason ?? '');
  }
}

/**
 * Hides the partner's picture until the visitor wants to see it, for each reason once a
 * chat: who lifted the veil is not asked again, whoever finds the same.
 * @param {import('./stage.js').Stage} stage @param {string} reason
 */
export function hide(stage, reason) {
  const why = veiled(reason);
  if (stage.veil.suspect(reason, why)) announce(why);
}
