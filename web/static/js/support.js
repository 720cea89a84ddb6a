// @ts-check
// What this browser cannot do here, in words, with a remedy.

/** @typedef {{text: string, remedy: string}} Problem */

/**
 * Why video chat cannot work, or null if nothing speaks against it.
 * @returns {Problem | null}
 */
export function videoProblem() {
  if (!window.isSecureContext) {
    return {
      text: `Your browser gives a camera only to pages opened over https or on localhost, and this page is neither (${location.origin}). Text chat works.`,
      remedy: 'Open this site with https:// in front. If you run it: on a local network start it with “joingyd serve --tls-self-signed”; on the internet give it a certificate.',
    };
  }
  if (!canConnect()) {
    return {
      text: 'This browser has WebRTC, which carries the video, switched off or left out. Text chat works.',
      remedy: 'Look for an extension or a privacy setting that blocks WebRTC (in Firefox: media.peerconnection.enabled on about:config; on an iPhone: Lockdown Mode), or use another browser.',
    };
  }
  if (!navigator.mediaDevices?.getUserMedia) {
    return {
      text: 'This browser does not give pages a camera. Text chat works.',
      remedy: 'Use a current version of Firefox, Chrome, Edge or Safari. Browsers inside other apps often have no camera: open this page in the real browser.',
    };
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
      return {
        text: 'The camera was not allowed.',
        remedy: 'Click the camera or lock symbol beside the address, allow camera and microphone for this site, and try again. Also look at the system’s privacy settings.',
      };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { text: 'No camera was found.', remedy: 'Plug one in or switch it on, and try again.' };
    case 'NotReadableError':
    case 'AbortError':
      return { text: 'The camera does not start.', remedy: 'Perhaps another program uses it: close that, and try again.' };
  }
  return { text: 'The camera could not be opened.', remedy: `The browser says: ${error instanceof Error ? error.message : String(error)}` };
}
