// @ts-check
// How loud the visitor's own microphone is.

const pace = 80; // ms between two readings
const heard = 0.04; // above the noise of a quiet room

export class Loudness {
  /** @type {AudioContext | null} */
  #context = null;
  #timer = 0;

  /**
   * Measures a stream's sound until it is stopped.
   * @param {MediaStream} stream
   * @param {(level: number, heard: boolean) => void} show 0 to 1, and whether that is more than silence
   */
  start(stream, show) {
    this.stop();
    const context = new AudioContext();
    this.#context = context;
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      show(Math.min(1, Math.sqrt(peak)), peak > heard);
    }, pace);
  }

  stop() {
    clearInterval(this.#timer);
    this.#context?.close();
    this.#context = null;
  }
}
