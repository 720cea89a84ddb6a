// @ts-check
// Another camera in the place of the one in use.

/** How many cameras there are. */
export async function countCameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind }) => kind === 'videoinput').length;
}

/**
 * Opens the camera that looks the other way, on a phone, or the next one. The old one
 * is closed first: many phones cannot open two. If that fails, it is opened again.
 * @param {MediaStreamTrack} old
 * @returns {Promise<MediaStreamTrack>}
 */
export async function nextCamera(old) {
  const { deviceId, facingMode } = old.getSettings();
  const wanted = await nextAfter(deviceId, facingMode);
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
 * @returns {Promise<MediaTrackConstraints>}
 */
async function nextAfter(deviceId, facingMode) {
  if (facingMode === 'user' || facingMode === 'environment') {
    return { facingMode: { exact: facingMode === 'user' ? 'environment' : 'user' } };
  }
  const devices = await navigator.mediaDevices.enumerateDevices();
  const cameras = devices.filter(({ kind }) => kind === 'videoinput');
  const now = cameras.findIndex((camera) => camera.deviceId === deviceId);
  return { deviceId: { exact: cameras[(now + 1) % cameras.length].deviceId } };
}

/** @param {MediaTrackConstraints} which */
async function open(which) {
  const size = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
  const stream = await navigator.mediaDevices.getUserMedia({ video: { ...size, ...which } });
  return stream.getVideoTracks()[0];
}
