// @ts-check
// What this browser cannot do here, in words, with a remedy.

import { problem } from './words.js';

/** @typedef {{text: string, remedy: string}} Problem */

/**
 * Why video chat cannot work, or null if nothing speaks against it.
 * @returns {Problem | null}
 */
export function videoProblem() {
  if (!window.isSecureContext) {
    return problem('insecure', { origin: location.origin });
  }
  if (!canConnect()) {
    return problem('no_webrtc');
  }
  if (!navigator.mediaDevices?.getUserMedia) {
    return problem('no_media');
  }
  return null;
}

function canConnect() {
  try {
    new RTCPeerConnection().close();
    return true;
  } catch {
    return false;
  }
}

/**
 * What a failed request for the camera means.
 * @param {unknown} error
 * @returns {Problem}
 */
export function cameraProblem(error) {
  const name = error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      // Only Chromium's words tell who denied it.
      return /system/i.test(String(error)) ? problem('camera.system') : problem('camera.denied');
    case 'NotFoundError':
    case 'OverconstrainedError':
      return problem('camera.none');
    case 'NotReadableError':
    case 'AbortError':
      return problem('camera.busy');
  }
  return problem('camera.failed', { error: error instanceof Error ? error.message : String(error) });
}
