// @ts-check
// The look at oneself before the first chat: picture, sound, and which devices.

import { byId, explain, make, say } from './dom.js';
import { Loudness } from './loudness.js';
import { settings } from './settings.js';
import { cameraProblem } from './support.js';
import { problem, t } from './words.js';

/** @typedef {import('./camera.js').Camera} Camera */
/** @typedef {import('./camera.js').Kind} Kind */

const kinds = /** @type {const} */ (['video', 'audio']);

export class Preview {
  passed = false; // the visitor went on to chat from here
  #dialog = byId('preview', HTMLDialogElement);
  #picture = byId('preview-video', HTMLVideoElement);
  #problem = byId('preview-problem', HTMLElement);
  #wait = byId('preview-wait', HTMLElement);
  #sound = byId('preview-sound', HTMLElement);
  #level = byId('preview-level', HTMLElement);
  #heard = byId('preview-heard', HTMLElement);
  #start = byId('preview-start', HTMLButtonElement);
  #retry = byId('preview-retry', HTMLButtonElement);
  #menus = { video: byId('preview-camera', HTMLSelectElement), audio: byId('preview-microphone', HTMLSelectElement) };
  #camera;
  #ready = false; // to chat, once there is a picture
  #meter = new Loudness();

  /**
   * @param {Camera} camera
   * @param {() => void} begin the visitor wants to chat; the camera stays open
   */
  constructor(camera, begin) {
    this.#camera = camera;
    this.#start.addEventListener('click', () => {
      this.passed = true;
      this.#leave();
      begin();
    });
    this.#retry.addEventListener('click', () => this.#open());
    byId('preview-close', HTMLButtonElement).addEventListener('click', () => this.#dialog.close());
    this.#dialog.addEventListener('close', () => {
      if (this.#picture.srcObject || !this.#wait.hidden) this.#camera.close();
      this.#leave();
    });
    for (const kind of kinds) {
      this.#menus[kind].addEventListener('change', () => this.#change(kind, this.#menus[kind].value));
    }
    navigator.mediaDevices?.addEventListener('devicechange', () => {
      if (this.#dialog.open) this.#list();
    });
  }

  /** @param {boolean} ready whether the visitor may go on to chat from here */
  show(ready) {
    this.#ready = ready;
    byId('preview-hint', HTMLElement).hidden = ready;
    this.#dialog.showModal();
    this.#open();
  }

  async #open() {
    this.#problem.hidden = this.#retry.hidden = true;
    this.#start.disabled = true;
    this.#wait.hidden = false;
    try {
      const stream = await this.#camera.open();
      if (this.#dialog.open) this.#see(stream);
    } catch (error) {
      if (this.#dialog.open) this.#fail(cameraProblem(error));
    }
  }

  /** @param {MediaStream} stream */
  #see(stream) {
    this.#wait.hidden = true;
    this.#picture.srcObject = stream;
    this.#start.disabled = !this.#ready;
    for (const track of stream.getTracks()) {
      track.onended = () => this.#fail(problem('camera.gone'));
    }
    this.#list();
    this.#listen(stream);
  }

  /** @param {MediaStream} stream */
  #listen(stream) {
    const has = stream.getAudioTracks().length > 0;
    this.#sound.hidden = !has;
    if (!has) return explain(this.#problem, problem('microphone.none'));
    this.#heard.textContent = t('microphone.speak');
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches; // then the words will do
    this.#level.hidden = still;
    this.#meter.start(stream, (level, heard) => {
      if (!still) this.#level.style.scale = `${level} 1`;
      if (heard) say(this.#heard, t('microphone.works'));
    });
  }

  async #list() {
    const tracks = this.#camera.stream?.getTracks() ?? [];
    for (const kind of kinds) {
      const menu = this.#menus[kind];
      const devices = await this.#camera.devices(kind);
      menu.replaceChildren(...devices.map(({ deviceId, label }, i) => {
        const option = make('option', label || t(`device.${kind}`, { number: i + 1 }));
        option.value = deviceId;
        return option;
      }));
      const used = tracks.find((track) => track.kind === kind)?.getSettings().deviceId;
      menu.value = used ?? menu.value;
      menu.disabled = devices.length < 2;
    }
  }

  /** @param {Kind} kind @param {string} id */
  async #change(kind, id) {
    try {
      const stream = this.#camera.stream;
      await this.#camera.change(kind, id);
      this.#problem.hidden = true;
      if (stream && this.#dialog.open) this.#see(stream);
    } catch (error) {
      settings.set(kind === 'video' ? 'camera' : 'microphone', '');
      if (this.#dialog.open) this.#fail(cameraProblem(error));
    }
  }

  /** @param {import('./support.js').Problem} what */
  #fail(what) {
    this.#meter.stop();
    this.#camera.close();
    this.#picture.srcObject = null;
    this.#wait.hidden = this.#sound.hidden = this.#start.disabled = true;
    this.#retry.hidden = false;
    explain(this.#problem, what);
  }

  /** Lets go of the stream, which somebody else may need. */
  #leave() {
    this.#meter.stop();
    for (const track of this.#camera.stream?.getTracks() ?? []) track.onended = null;
    this.#picture.srcObject = null;
    this.#wait.hidden = true;
    if (this.#dialog.open) this.#dialog.close();
  }
}
