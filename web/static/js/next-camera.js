// @ts-check
// Another camera in the place of the one in use.

import { picture } from './camera.js';

/**
 * Opens the camera that looks the other way, on a phone, or the next one. The old one
 * is closed first: many phones cannot open two. If that fails, it is opened again.
 * @param {MediaStreamTrack} old
 * @param {MediaDeviceInfo[]} cameras all that there are
 * @returns {Promise<MediaStreamTrack>}
 */
export async function nextCamera(old, cameras) {
  const { deviceId, facingMode } = old.getSettings();
  const wanted = nextAfter(deviceId, facingMode, cameras);
  old.stop();
  try {
    return await open(wanted);
  } catch {
    return open({ deviceId });
  }
}

/**
 * @param {string | undefined} deviceId
 * @param {string | undefined} facingMode
 * @param {MediaDeviceInfo[]} cameras
 * @returns {MediaTrackConstraints}
 */
function nextAfter(deviceId, facingMode, cameras) {
  if (facingMode === 'user' || facingMode === 'environment') {
    return { facingMode: { exact: facingMode === 'user' ? 'environment' : 'user' } };
  }
  const now = cameras.findIndex((camera) => camera.deviceId === deviceId);
  return { deviceId: { exact: cameras[(now + 1) % cameras.length].deviceId } };
}

/** @param {MediaTrackConstraints} which */
async function open(which) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { ...picture, ...which } });
  return stream.getVideoTracks()[0];
}
