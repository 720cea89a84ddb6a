// @ts-check
// How much a call may send: less with the data saver, and never more than the relay
// carries, which drops the rest.
//
// Codecs are left in the browser's own order. Every browser must have VP8 and H.264
// (RFC 7742), negotiation finds one that both have, and VP9 or AV1, where both have
// them, need fewer bits for the same picture: no measurement of ours speaks for
// setCodecPreferences.

import { picture as usual } from './camera.js';
import { settings } from './settings.js';

/** @typedef {{maxBitrate?: number, maxFramerate?: number, scaleResolutionDownBy?: number}} Encoding */

const sound = { usual: 48_000, least: 16_000 }; // bits a second
const saver = { bitrate: 200_000, width: 320, height: 240, frameRate: 15 };
const small = { width: { ideal: saver.width }, height: { ideal: saver.height }, frameRate: { ideal: saver.frameRate, max: saver.frameRate } };
const tight = 300_000; // bits a second of picture, below which it is sent small

/**
 * What sound and picture may take. Together they stay below the limit.
 * @param {number | undefined} limit of the relay, bits a second
 * @param {boolean} saving
 * @param {number} width of the camera's picture
 * @returns {Record<'audio' | 'video', Encoding>}
 */
export function budget(limit, saving, width) {
  const audio = Math.min(sound.usual, saving ? 24_000 : sound.usual, limit ? Math.max(sound.least, limit / 4) : Infinity);
  const rest = limit ? Math.max(limit - audio, 0) : Infinity;
  const picture = saving ? Math.min(saver.bitrate, rest) : rest;
  const shrink = saving || picture < tight;
  return {
    audio: { maxBitrate: Math.floor(audio) },
    video: {
      ...(picture < Infinity && { maxBitrate: Math.floor(picture) }),
      ...(shrink && { maxFramerate: saver.frameRate }),
      scaleResolutionDownBy: shrink ? Math.max(1, width / saver.width) : 1,
    },
  };
}

/** Keeps a call within its budget. */
export class Throttle {
  #peer;
  #limit;
  #last = Promise.resolve(); // one change at a time: the browser refuses two

  /** @param {RTCPeerConnection} peer @param {number | undefined} limit of the relay, bits a second */
  constructor(peer, limit) {
    this.#peer = peer;
    this.#limit = limit;
  }

  apply() {
    this.#last = this.#last.then(() => this.#apply()).catch((error) => {
      if (this.#peer.connectionState !== 'closed') console.warn('rate:', error);
    });
  }

  async #apply() {
    for (const sender of this.#peer.getSenders()) {
      const { track } = sender;
      if (!track) continue;
      const saving = settings.get('saver');
      if (track.kind === 'video') await capture(track, saving);
      const wanted = budget(this.#limit, saving, track.getSettings().width ?? usual.width.ideal)[/** @type {'audio' | 'video'} */ (track.kind)];
      const parameters = sender.getParameters();
      if (!parameters.encodings?.length) continue; // not negotiated yet: it comes when the call is connected
      for (const encoding of parameters.encodings) {
        delete encoding.maxBitrate;
        delete encoding.maxFramerate;
        Object.assign(encoding, wanted);
      }
      await sender.setParameters(parameters);
    }
  }
}

/** A smaller picture costs the camera less, too. Not every camera can. @param {MediaStreamTrack} track @param {boolean} saving */
async function capture(track, saving) {
  if (track.readyState !== 'live') return;
  try {
    await track.applyConstraints(saving ? small : usual);
  } catch {
    // the sender scales it down
  }
}
