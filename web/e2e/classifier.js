// Runs the image classifier of packaging/classifier, with its real model.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const main = path.resolve(import.meta.dirname, '../../packaging/classifier/main.js');

/** @returns {Promise<{url: string, stop: () => Promise<void>}>} */
export async function startClassifier() {
  const child = spawn(process.execPath, [main, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), exit]);
  const ready = /^classifier ready: (\S+)/.exec(String(line));
  if (!ready) throw new Error(`the classifier did not start: ${line}`);
  return {
    url: ready[1],
    async stop() {
      child.kill('SIGTERM');
      await exit;
    },
  };
}
