// @ts-check
// How good a connection is, from what the browser counts. Nothing of it leaves the
// page.

/** @typedef {'good' | 'fair' | 'weak' | 'poor'} Level */

/**
 * Between two looks.
 * @typedef {object} Sample
 * @property {number} rtt seconds there and back
 * @property {number} loss share of the packets that got lost, the worse direction, 0 to 1
 * @property {number} bitrate bits a second that came
 * @property {number} dropped share of the pictures that came and were not shown, 0 to 1
 */

/**
 * Totals of one look.
 * @typedef {object} Totals
 * @property {number} at ms
 * @property {number} rtt
 * @property {number} remoteLoss
 * @property {number} received packets
 * @property {number} lost packets
 * @property {number} bytes
 * @property {number} frames
 * @property {number} decoded
 */

/** @type {[Level, Sample][]} from the worst: whoever is beyond one of them is there */
const limits = [
  ['poor', { rtt: 0.8, loss: 0.12, bitrate: 16_000, dropped: 0.5 }],
  ['weak', { rtt: 0.45, loss: 0.05, bitrate: 60_000, dropped: 0.25 }],
  ['fair', { rtt: 0.25, loss: 0.015, bitrate: 120_000, dropped: 0.1 }],
];

/** @param {Sample} sample @returns {Level} */
export function judge({ rtt, loss, bitrate, dropped }) {
  const beyond = limits.find(([, limit]) => rtt > limit.rtt || loss > limit.loss || bitrate < limit.bitrate || dropped > limit.dropped);
  return beyond ? beyond[0] : 'good';
}

/** @param {RTCStatsReport} stats @returns {Totals} */
export function totals(stats) {
  const sum = { at: 0, rtt: 0, remoteLoss: 0, received: 0, lost: 0, bytes: 0, frames: 0, decoded: 0 };
  for (const one of stats.values()) {
    if (one.type === 'candidate-pair' && one.nominated && one.state === 'succeeded') {
      sum.at = one.timestamp;
      sum.rtt = one.currentRoundTripTime ?? 0;
    } else if (one.type === 'remote-inbound-rtp') {
      sum.remoteLoss = Math.max(sum.remoteLoss, one.fractionLost ?? 0);
    } else if (one.type === 'inbound-rtp') {
      sum.received += one.packetsReceived ?? 0;
      sum.lost += one.packetsLost ?? 0;
      sum.bytes += one.bytesReceived ?? 0;
      sum.frames += one.framesReceived ?? 0;
      sum.decoded += one.framesDecoded ?? 0;
    }
  }
  return sum;
}

/**
 * What happened between two looks; null where that cannot be told.
 * @param {Totals} before @param {Totals} now
 * @returns {Sample | null}
 */
export function compare(before, now) {
  const ms = now.at - before.at;
  if (before.at === 0 || ms <= 0) return null;
  const share = (/** @type {number} */ part, /** @type {number} */ whole) => (whole > 0 ? Math.max(0, part) / whole : 0);
  const [received, lost, frames] = [now.received - before.received, Math.max(0, now.lost - before.lost), now.frames - before.frames];
  return {
    rtt: now.rtt,
    loss: Math.max(now.remoteLoss, share(lost, received + lost)),
    bitrate: ((now.bytes - before.bytes) * 8000) / ms,
    dropped: share(frames - (now.decoded - before.decoded), frames),
  };
}
