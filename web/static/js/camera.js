// @ts-check
// The visitor's own camera and microphone.

export class Camera {
  /** @type {MediaStream | null} */
  stream = null;
  #asked = 0; // counts requests and closings: an answer that comes too late is given back

  /**
   * Asks for camera and microphone; a camera alone will do.
   * @returns {Promise<MediaStream>}
   */
  async open() {
    const asked = ++this.#asked;
    const stream = await request();
    if (asked !== this.#asked) {
      stop(stream);
      throw new DOMException('not wanted any more', 'AbortError');
    }
    this.stream = stream;
    return stream;
  }

  /**
   * Switches the microphone or the camera off and on.
   * @param {'audio' | 'video'} kind
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
}

async function request() {
  const video = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, facingMode: 'user' };
  const audio = { echoCancellation: true, noiseSuppression: true };
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio });
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'NotFoundError') throw error;
    return navigator.mediaDevices.getUserMedia({ video });
  }
}

/** @param {MediaStream} stream */
function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}
