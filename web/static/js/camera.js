// @ts-check
// The visitor's own camera and microphone.

import { settings } from './settings.js';

/** @typedef {'audio' | 'video'} Kind */

/** The picture that is asked of a camera. */
export const picture = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
const audio = { echoCancellation: true, noiseSuppression: true };
const setting = /** @type {const} */ ({ audio: 'microphone', video: 'camera' });

export class Camera {
  /** @type {MediaStream | null} */
  stream = null;
  #asked = 0; // counts requests and closings: an answer that comes too late is given back

  /**
   * Gives the stream that is open already, as after a preview, or asks for camera
   * and microphone: the devices of the settings, or others where those are gone. A
   * camera alone will do.
   * @returns {Promise<MediaStream>}
   */
  async open() {
    if (this.stream && live(this.stream)) return this.stream;
    this.close();
    this.stream = await this.#ask(() => request());
    return this.stream;
  }

  /**
   * Uses another device from now on.
   * @param {Kind} kind
   * @param {string} id of the device
   * @returns {Promise<MediaStreamTrack>} the track that took the place of the old one in the stream
   */
  async change(kind, id) {
    const stream = this.stream;
    if (!stream) throw new DOMException('the camera is closed', 'InvalidStateError');
    const old = stream.getTracks().filter((track) => track.kind === kind);
    for (const track of old) track.stop(); // phones open one camera at a time
    settings.set(setting[kind], id);
    const fresh = await this.#ask(() => navigator.mediaDevices.getUserMedia({ [kind]: wish(kind, true) }));
    const [track] = fresh.getTracks();
    for (const gone of old) stream.removeTrack(gone);
    track.enabled = old[0]?.enabled ?? true;
    stream.addTrack(track);
    return track;
  }

  /**
   * The devices that there are; before the visitor allowed one they have no names.
   * @param {Kind} kind
   */
  async devices(kind) {
    const all = await navigator.mediaDevices.enumerateDevices();
    return all.filter((device) => device.kind === `${kind}input` && device.deviceId !== '');
  }

  /**
   * Switches the microphone or the camera off and on.
   * @param {Kind} kind
   * @param {boolean} on
   */
  enable(kind, on) {
    for (const track of this.stream?.getTracks() ?? []) {
      if (track.kind === kind) track.enabled = on;
    }
  }

  /** Gives the devices back: their lights go out. */
  close() {
    this.#asked++;
    if (this.stream) stop(this.stream);
    this.stream = null;
  }

  /** @param {() => Promise<MediaStream>} request */
  async #ask(request) {
    const asked = ++this.#asked;
    const stream = await request();
    if (asked !== this.#asked) {
      stop(stream);
      throw new DOMException('not wanted any more', 'AbortError');
    }
    return stream;
  }
}

/** Whether the browser may use the camera without asking the visitor. */
export async function cameraAllowed() {
  try {
    const { state } = await navigator.permissions.query({ name: /** @type {PermissionName} */ ('camera') });
    return state === 'granted';
  } catch {
    return false; // some browsers do not tell
  }
}

/**
 * Insists on the devices of the settings, then on fewer of them: one may be gone.
 * @param {string[]} chosen kinds to insist on
 * @returns {Promise<MediaStream>}
 */
async function request(chosen = ['video', 'audio']) {
  try {
    return await requestBoth(chosen);
  } catch (error) {
    if (chosen.length === 0 || nameOf(error) !== 'OverconstrainedError') throw error;
    return request(chosen.slice(0, -1));
  }
}

/** Asks for both; a camera alone will do. @param {string[]} chosen kinds that must be the settings' */
async function requestBoth(chosen) {
  const video = wish('video', chosen.includes('video'));
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio: wish('audio', chosen.includes('audio')) });
  } catch (error) {
    if (!['NotFoundError', 'NotReadableError'].includes(nameOf(error))) throw error;
    return navigator.mediaDevices.getUserMedia({ video }).catch(() => {
      throw error;
    });
  }
}

/**
 * What to ask for.
 * @param {Kind} kind
 * @param {boolean} chosen nothing but the device of the settings will do, if they name one
 */
function wish(kind, chosen) {
  const id = settings.get(setting[kind]);
  const device = id ? { deviceId: { [chosen ? 'exact' : 'ideal']: id } } : {};
  return kind === 'audio' ? { ...audio, ...device } : { ...picture, ...(id ? device : { facingMode: 'user' }) };
}

/** @param {unknown} error */
function nameOf(error) {
  return error instanceof Error || error instanceof DOMException ? error.name : '';
}

/** @param {MediaStream} stream */
function live(stream) {
  return stream.getTracks().every((track) => track.readyState === 'live');
}

/** @param {MediaStream} stream */
function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}
