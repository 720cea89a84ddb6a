// @ts-check
// What the visitor is told in the course of a visit.

import { list } from './dom.js';

export const camera = 'Waiting for your camera. Please allow it.';
export const connecting = 'Connecting …';
export const chatting = 'Chatting with a stranger';
export const youLeft = 'You left the chat.';
export const lostTooLong = 'Your connection was lost for too long, so the chat ended.';
export const reportNotSent = 'The report could not be sent: the connection is lost. Please try again.';
export const reportTooLate = 'The report was not taken: that chat ended too long ago.';
export const looking = 'Looking for someone …';
export const checking = 'Checking your browser for a moment …';
export const alone = 'In line, but alone';
export const lonely = 'Nobody else is online right now. You stay in line and will be matched as soon as someone comes.';

/** A report was taken. @param {string} [number] of it */
export function reported(number) {
  return `Thank you. Your report was counted${number ? `: its number is ${number}` : ''}.`;
}

/** @param {string[]} common interests */
export function greeting(common) {
  return common.length > 0 ? `Say hello to a stranger. You both like ${list(common)}.` : 'Say hello to a stranger.';
}

/** @type {Record<string, string>} */
const rejections = {
  too_large: 'too long',
  rate_limited: 'too fast: wait a moment',
  stale_pair: 'the chat was over',
  not_paired: 'the chat was over',
  link: 'links are not allowed here',
  contact: 'contacts on other sites are not allowed here',
  word: 'it has a word that is not allowed here',
  repeated: 'it was said in too many chats',
  filtered: 'it is not allowed here',
};

/**
 * Why a line did not reach the stranger.
 * @param {string} code
 * @param {{reason?: string, until?: string | null}} [more]
 */
export function rejected(code, { reason, until } = {}) {
  if (code === 'muted') return `you cannot write ${muteEnd(until)}`;
  return (code === 'filtered' && rejections[reason ?? '']) || rejections[code] || code;
}

export const masked = 'Parts that are not allowed here were left out';

/** @param {string | null} [until] */
export function muted(until) {
  return `Too many of your lines looked like spam. You cannot write ${muteEnd(until)}.`;
}

/** @param {string | null} [until] */
function muteEnd(until) {
  return until ? `until ${new Date(until).toLocaleTimeString()}` : 'for a while';
}

/** Why the chat ended, from the partner's side. @param {string} [reason] */
export function left(reason) {
  switch (reason) {
    case 'next':
      return 'The stranger skipped to somebody else.';
    case 'lost':
      return 'The stranger’s connection was lost.';
    case 'banned':
    case 'moderated':
      return 'The stranger was removed from this site.';
  }
  return 'The stranger left.';
}

/**
 * The connection to the server is lost, or could not be made.
 * @param {import('./types.js').State} state
 * @param {number} seconds until the next try
 */
export function reconnecting(state, seconds) {
  const what = state === 'connecting' ? 'The server does not answer. Trying again …' : 'Reconnecting …';
  const wait = seconds > 3 ? ` The next try is in ${seconds} seconds.` : '';
  return `${what}${wait}${state === 'chatting' ? ' Your chat goes on if that works soon.' : ''}`;
}

/**
 * @param {import('./types.js').ServerMessage} m the error
 * @returns {import('./support.js').Problem}
 */
export function searchRefused({ code, detail, reason, until }) {
  if (code === 'video_banned') {
    return {
      text: `Video chat is closed to you ${until ? `until ${longTime(until)}` : 'for good'}.`,
      remedy: `Reason: ${reason || 'none was given'}. You can still chat by text. If you think this is a mistake, you can appeal: see the page “Appeal a ban”.`,
    };
  }
  return { text: 'The server did not accept the search.', remedy: detail ? `It says: ${detail}` : 'Please try again.' };
}

/** A time that may be far away. @param {string} time RFC 3339 */
export function longTime(time) {
  return new Date(time).toLocaleString('en', { dateStyle: 'full', timeStyle: 'short' });
}

/** @param {RTCPeerConnectionState} state of the call */
export function call(state) {
  switch (state) {
    case 'connected':
    case 'closed':
      return '';
    case 'disconnected':
      return 'The video is interrupted …';
    case 'failed':
      return 'The video does not get through. Trying again …';
  }
  return 'Connecting the video …';
}

/**
 * Why the server ended the session.
 * @param {number} code of the close
 * @returns {import('./support.js').Problem}
 */
export function closed(code) {
  switch (code) {
    case 4501:
      return { text: 'This visit went on in another window.', remedy: 'You can start a new one here.' };
    case 4503:
      return { text: 'You were banned from this site.', remedy: 'If you think this is a mistake, you can appeal: see the page “Appeal a ban”.' };
    case 4504:
      return { text: 'The operator of this site ended your visit.', remedy: 'You can start a new one.' };
    case 4500:
      return { text: 'This page and the server do not understand each other.', remedy: 'Please reload the page: the site was probably updated.' };
  }
  return { text: 'The server ended your visit.', remedy: 'Please try again.' };
}
