// @ts-check
// Another camera in the place of the one in use.

import { picture } from './camera.js';

/**
 * Opens the camera that looks the other way, on a phone, or the next one. The old one
 * is closed first: many phones cannot open two. If none of them starts, it is opened
 * again.
 * @param {MediaStreamTrack} old
 * @param {MediaDeviceInfo[]} cameras all that there are
 * @returns {Promise<MediaStreamTrack>}
 */
export async function nextCamera(old, cameras) {
  const { deviceId, facingMode } = old.getSettings();
  old.stop();
  for (const wanted of wishes(deviceId, facingMode, cameras)) {
    try {
      return await open(wanted);
    } catch {
      // the next best, then
    }
  }
  return open({ deviceId });
}

/**
 * What would do, the best first. A laptop's cameras may all look at the user.
 * @param {string | undefined} deviceId
 * @param {string | undefined} facingMode
 * @param {MediaDeviceInfo[]} cameras
 * @returns {MediaTrackConstraints[]}
 */
function wishes(deviceId, facingMode, cameras) {
  const now = cameras.findIndex((camera) => camera.deviceId === deviceId);
  const next = { deviceId: { exact: cameras[(now + 1) % cameras.length].deviceId } };
  if (facingMode !== 'user' && facingMode !== 'environment') return [next];
  return [{ facingMode: { exact: facingMode === 'user' ? 'environment' : 'user' } }, next];
}

/** @param {MediaTrackConstraints} which */
async function open(which) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { ...picture, ...which } });
  return stream.getVideoTracks()[0];
}
