// The service as a process: sockets, signals, and what it leaves behind.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { blue, picture } from './pictures.js';

const main = fileURLToPath(new URL('main.js', import.meta.url));

/** @param {import('node:test').TestContext} t @param {string} dir @param {string[]} args */
async function run(t, dir, ...args) {
  const child = spawn(process.execPath, [main, ...args], { cwd: dir, env: { ...process.env, TMPDIR: dir, HOME: dir }, stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  /** @type {string[]} */
  const said = [];
  const lines = createInterface(child.stdout).on('line', (line) => said.push(line));
  createInterface(child.stderr).on('line', (line) => said.push(line));
  const exit = once(child, 'close');
  await Promise.race([once(lines, 'line'), exit]);
  return { child, said, exit };
}

/** @param {string} socketPath @param {Uint8Array} jpeg @returns {Promise<number | undefined>} the status */
async function post(socketPath, jpeg) {
  const ask = request({ socketPath, path: '/v1/classify', method: 'POST', headers: { 'Content-Type': 'image/jpeg' } });
  ask.end(jpeg);
  const [response] = await once(ask, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

test('a process on a unix socket: one line, no file, no trace of an image', async (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'classifier-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const home = path.join(dir, 'home');
  mkdirSync(home);
  const socket = path.join(dir, 'c.sock');
  const listen = ['--listen', `unix://${socket}`];

  const killed = await run(t, home, ...listen);
  assert.deepEqual(killed.said, [`classifier ready: unix://${socket} nsfwjs-mobilenet_v2@4.4.0`]);
  assert.equal(statSync(socket).mode & 0o777, 0o660);
  const second = await run(t, home, ...listen);
  assert.deepEqual([(await second.exit)[0], second.said.length], [1, 1]);
  assert.match(second.said[0], /something answers on .* stop it/);
  killed.child.kill('SIGKILL');
  await killed.exit;

  const { child, said, exit } = await run(t, home, ...listen); // over the socket that was left behind
  const jpeg = picture(120, 90, blue);
  assert.equal(await post(socket, jpeg), 200);
  assert.equal(await post(socket, jpeg.slice(0, 500)), 400);
  assert.equal(await post(socket, new TextEncoder().encode('no image')), 400);
  const last = post(socket, jpeg);
  child.kill('SIGTERM');
  const [status, [code]] = await Promise.all([last.catch(() => undefined), exit]);
  assert.ok(status === 200 || status === 503 || status === undefined, `${status}`);
  assert.equal(code, 0);
  assert.equal(said.length, 1, said.join('\n'));
  assert.deepEqual(readdirSync(home), []);
  assert.deepEqual(readdirSync(dir), ['home']);
});

test('a wrong flag ends it with a remedy', async (t) => {
  const { said, exit } = await run(t, tmpdir(), '--listen', '0.0.0.0:0');
  assert.equal((await exit)[0], 1);
  assert.match(said.join('\n'), /^classifier: --listen: .*give --token-file/);
});
