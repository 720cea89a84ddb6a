// Images wait here for the one thread that classifies. The queue has a bound, each
// image a deadline, and a thread that fails or overruns it is replaced.

import { Worker } from 'node:worker_threads';

import { ImageError } from './jpeg.js';

/** No answer now; the same image may get one later. */
export class UnavailableError extends Error {}

/** @typedef {Record<string, number>} Labels */

/**
 * @typedef {object} Job
 * @property {Uint8Array<ArrayBuffer>} jpeg
 * @property {(labels: Labels) => void} resolve
 * @property {(error: Error) => void} reject
 */

export class Queue {
  #bound;
  #deadline;
  #onFailure;
  /** @type {Job[]} */
  #waiting = [];
  /** @type {Job | undefined} */
  #current;
  /** @type {Worker | undefined} */
  #worker;
  #ready = false;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #stopped = false;
  #idle = () => {};

  /** @param {{ bound: number, deadline: number, onFailure: (error: Error) => void }} options */
  constructor({ bound, deadline, onFailure }) {
    this.#bound = bound;
    this.#deadline = deadline;
    this.#onFailure = onFailure;
  }

  /**
   * @param {object} [options]
   * @param {number} [options.bound] images that wait beside the one that is classified
   * @param {number} [options.deadline] ms that one image may take
   * @param {(error: Error) => void} [options.onFailure] is told when a thread had to be replaced
   * @returns {Promise<Queue>} once the model is loaded
   */
  static async start({ bound = 8, deadline = 5000, onFailure = () => {} } = {}) {
    const queue = new Queue({ bound, deadline, onFailure });
    await queue.#spawn();
    return queue;
  }

  /**
   * Its bytes are gone from the caller's buffer afterwards: they move to the thread.
   * @param {Uint8Array<ArrayBuffer>} jpeg a whole ArrayBuffer
   * @param {AbortSignal} [signal] whether anyone still waits for the answer
   * @returns {Promise<Labels>} rejected with ImageError, UnavailableError, or the signal's reason
   */
  classify(jpeg, signal) {
    return new Promise((resolve, reject) => {
      if (this.#stopped) throw new UnavailableError('the classifier is stopping; ask again in a moment');
      if (this.#waiting.length >= this.#bound) throw new UnavailableError(`${this.#waiting.length} images wait already; ask again in a second, send fewer, or run another classifier`);
      const job = { jpeg, resolve, reject };
      this.#waiting.push(job);
      signal?.addEventListener('abort', () => {
        const at = this.#waiting.indexOf(job);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason);
      });
      this.#next();
    });
  }

  /** Refuses what comes now, waits for what came before, and ends the thread. */
  async stop() {
    this.#stopped = true;
    if (this.#current || this.#waiting.length) await new Promise((resolve) => (this.#idle = () => resolve(undefined)));
    await this.#worker?.terminate();
  }

  #next() {
    if (this.#current || !this.#ready) return;
    this.#current = this.#waiting.shift();
    if (!this.#current) return this.#idle();
    const { jpeg } = this.#current;
    this.#worker?.postMessage(jpeg, [jpeg.buffer]);
    this.#timer = setTimeout(() => this.#worker?.terminate(), this.#deadline);
  }

  /** @param {(job: Job) => void} settle */
  #end(settle) {
    clearTimeout(this.#timer);
    const job = this.#current;
    this.#current = undefined;
    if (job) settle(job);
  }

  /** Starts a thread, and another one when it ends. One that cannot load the model is an error. */
  async #spawn() {
    const worker = (this.#worker = new Worker(new URL('worker.js', import.meta.url)));
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    /** @type {Error | undefined} */
    let fault;
    worker.on('error', (error) => (fault = error));
    worker.on('exit', () => {
      this.#ready = false;
      if (this.#stopped && !this.#current) return;
      this.#onFailure(fault ?? new Error(`an image took longer than ${this.#deadline} ms`));
      this.#end((job) => job.reject(new UnavailableError('this image could not be classified; send another')));
      void this.#spawn(); // rejected: the process ends, and whoever watches over it starts another
    });
    worker.on('message', ({ labels, refusal }) => {
      this.#end((job) => (refusal ? job.reject(new ImageError(refusal)) : job.resolve(labels)));
      this.#next();
    });
    this.#ready = true;
    this.#next();
  }
}
