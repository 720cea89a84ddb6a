// Runs the daemon under test: a process of its own, on free ports, with a data
// directory that is gone afterwards.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const binary = path.resolve(import.meta.dirname, '../../bin/joingyd');
const exec = promisify(execFile);

/**
 * @typedef {object} Daemon
 * @property {string} url of the site
 * @property {string} ready the line that it printed
 * @property {string} dir its data directory
 * @property {string[]} log what it wrote to stderr
 * @property {(...args: string[]) => Promise<any>} control runs `joingyd ARGS -o json` against it
 * @property {() => Promise<void>} restart SIGTERM, and another on its ports with its data
 * @property {() => Promise<void>} stop SIGTERM; throws if it does not end with 0
 */

/**
 * @param {string[]} flags of `joingyd serve`; later ones win
 * @returns {Promise<Daemon>}
 */
export async function startDaemon(...flags) {
  const dir = await mkdtemp(path.join(tmpdir(), 'joingyd-e2e-'));
  const turn = flags.includes('--turn-listen') ? [] : ['--turn-listen', '127.0.0.1:0']; // a list: later ones are added
  const looks = '--moderation-browser-classifier=false'; // no test waits for a model that it is not about
  const serve = ['serve', '--data-dir', dir, '--listen', '127.0.0.1:0', looks, ...turn, ...flags];
  const log = /** @type {string[]} */ ([]);
  let { first, end } = await run(serve, log);
  const url = (/^joingyd ready: open (\S+) /.exec(first) ?? [])[1];
  return {
    url,
    ready: first,
    dir,
    log,
    async control(...args) {
      const { stdout } = await exec(binary, [...args, '-o', 'json', '--socket', path.join(dir, 'admin.sock')]);
      return JSON.parse(stdout);
    },
    async restart() {
      await end();
      const relay = (/stun\/turn udp ([^\s,)]+)/.exec(first) ?? [])[1];
      const ports = serve.map((flag, i) => ({ '--listen': new URL(url).host, '--turn-listen': relay })[serve[i - 1]] ?? flag);
      ({ first, end } = await run(ports, log));
    },
    async stop() {
      try {
        await end();
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    },
  };
}

/**
 * Runs one until it is ready.
 * @param {string[]} serve @param {string[]} log gets what it writes to stderr
 */
async function run(serve, log) {
  const child = spawn(binary, serve, { stdio: ['ignore', 'pipe', 'pipe'] });
  createInterface(child.stderr).on('line', (line) => log.push(line));
  const exit = once(child, 'exit');
  const [first] = await Promise.race([once(createInterface(child.stdout), 'line'), exit]);
  if (!String(first).startsWith('joingyd ready: open ')) throw new Error(`the daemon did not start: ${first}\n${log.join('\n')}`);
  const end = async () => {
    child.kill('SIGTERM');
    const [code] = await exit;
    if (code !== 0) throw new Error(`the daemon ended with ${code}:\n${log.join('\n')}`);
  };
  return { first: String(first), end };
}
