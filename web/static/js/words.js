// @ts-check
// What the visitor is told in the course of a visit, in the page's language. The
// texts are in the page (#words), from web/languages.

/** @typedef {import('./support.js').Problem} Problem */

/** Of the page. */
export const language = document.documentElement.lang || 'en';

/** @type {Record<string, string>} */
const texts = JSON.parse(document.getElementById('words')?.textContent || '{}').words ?? {};
const plurals = new Intl.PluralRules(language);

/**
 * A text of the page's language. With a count in values it is the one for that
 * many; {name} stands for a value.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const { count } = values;
  const text = texts[key] ?? (typeof count === 'number' ? (texts[`${key}.${plurals.select(count)}`] ?? texts[`${key}.other`]) : undefined) ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === 'number' ? value.toLocaleString(language) : (value ?? whole);
  });
}

/**
 * "a, b, and c"
 * @param {string[]} items
 */
export function list(items) {
  return new Intl.ListFormat(language).format(items);
}

/** A report was taken. @param {string} [number] of it */
export function reported(number) {
  return number ? t('reported.number', { number }) : t('reported');
}

/** @param {string[]} common interests */
export function greeting(common) {
  return common.length > 0 ? t('greeting.common', { interests: list(common) }) : t('greeting');
}

/**
 * Why a line did not reach the stranger.
 * @param {string} code
 * @param {{reason?: string, until?: string | null}} [more]
 */
export function rejected(code, { reason, until } = {}) {
  const keys = [`rejected.${code}.${reason}`, `rejected.${code}`];
  const why = code === 'muted' ? muted('rejected.muted', until) : t(keys.find((key) => key in texts) ?? code);
  return t('rejected', { why });
}

/**
 * What there is to say about a mute.
 * @param {'muted' | 'rejected.muted'} key
 * @param {string | null} [until]
 */
export function muted(key, until) {
  return until ? t(`${key}.until`, { until: new Date(until).toLocaleTimeString(language) }) : t(key);
}

/** Why the stranger's picture is hidden. @param {string} [reason] the program's label, or words */
export function veiled(reason) {
  return t('veiled', { reason: reason ? (texts[`veiled.${reason.toLowerCase()}`] ?? reason) : t('veiled.unsaid') });
}

/** Why the chat ended, from the partner's side. @param {string} [reason] */
export function left(reason) {
  switch (reason) {
    case 'next':
      return t('left.next');
    case 'lost':
      return t('left.lost');
    case 'banned':
    case 'moderated':
      return t('left.removed');
  }
  return t('left');
}

/**
 * The connection to the server is lost, or could not be made.
 * @param {import('./types.js').State} state
 * @param {number} seconds until the next try
 * @param {number} failed sockets in a row that did not open
 */
export function reconnecting(state, seconds, failed) {
  const parts = [t(state === 'connecting' ? 'down.connecting' : 'down')];
  if (!navigator.onLine) parts.push(t('down.offline'));
  else if (failed >= 2 && state === 'connecting') parts.push(t('down.blocked')); // later it has worked before
  if (seconds > 3) parts.push(t('down.wait', { count: seconds }));
  if (state === 'chatting') parts.push(t('down.chatting'));
  return parts.join(' ');
}

/**
 * @param {import('./types.js').ServerMessage} m the error
 * @returns {Problem}
 */
export function searchRefused({ code, detail, reason, until }) {
  if (code === 'video_banned') {
    return {
      text: until ? t('video_banned.until', { until: longTime(until) }) : t('video_banned'),
      remedy: t('video_banned.remedy', { reason: reason || t('no_reason') }),
    };
  }
  if (code === 'video_closed' && until) {
    return { text: t('video_closed'), remedy: t('video_closed.remedy', { until: longTime(until) }) };
  }
  if (code === 'pass_refused' || code === 'pass_in_use') return problem(code);
  return { text: t('search_refused'), remedy: detail ? t('search_refused.detail', { detail }) : t('try_again') };
}

/** A time that may be far away. @param {string} time RFC 3339 */
export function longTime(time) {
  return new Date(time).toLocaleString(language, { dateStyle: 'full', timeStyle: 'short' });
}

/** A time within the next days. @param {string} time RFC 3339 */
export function shortTime(time) {
  return new Date(time).toLocaleString(language, { weekday: 'long', hour: 'numeric', minute: '2-digit' });
}

/** @param {RTCPeerConnectionState} state of the call */
export function call(state) {
  switch (state) {
    case 'connected':
    case 'closed':
      return '';
    case 'disconnected':
      return t('call.disconnected');
    case 'failed':
      return t('call.failed');
  }
  return t('call.connecting');
}

/**
 * Why the server ended the session.
 * @param {number} code of the close
 * @param {string} why in a moderator's words, if they said
 * @returns {Problem}
 */
export function closed(code, why) {
  switch (code) {
    case 4500:
      return problem('closed.protocol');
    case 4501:
      return problem('closed.elsewhere');
    case 4503:
      return problem('closed.banned');
    case 4504:
      return why ? problem('closed.kicked.why', { reason: why }) : problem('closed.kicked');
  }
  return problem('closed');
}

/**
 * What is wrong, and what to do about it.
 * @param {string} key of the text; that of the remedy ends in .remedy
 * @param {Record<string, string | number>} [values]
 * @returns {Problem}
 */
export function problem(key, values) {
  return { text: t(key, values), remedy: t(`${key}.remedy`, values) };
}
