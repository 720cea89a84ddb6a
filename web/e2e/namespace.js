// A host of its own for a browser: a network namespace with one address, joined
// to this machine by a veth pair. Needs root; all of it is gone after remove.

import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Whether this user may make namespaces. */
export async function canMakeNamespaces() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    const name = `jg${process.pid}t`;
    await exec('ip', ['netns', 'add', name]);
    await exec('ip', ['netns', 'del', name]);
    return true;
  } catch {
    return false;
  }
}

/**
 * @typedef {object} Namespace
 * @property {string} address of the host in it
 * @property {string} gateway address of this machine as that host sees it
 * @property {string} chromium path of a program that runs Chromium in it
 * @property {() => Promise<void>} remove
 */

/**
 * @param {number} n 1 to 250, its own for each namespace of a test
 * @returns {Promise<Namespace>}
 */
export async function makeNamespace(n) {
  const name = `jg${process.pid}n${n}`;
  const [outside, inside] = [`jg${process.pid}o${n}`, `jg${process.pid}i${n}`]; // at most 15 characters
  const [gateway, address] = [`10.77.${n}.1`, `10.77.${n}.2`];
  const dir = await mkdtemp(path.join(tmpdir(), 'joingyd-netns-'));
  const remove = async () => {
    await exec('ip', ['netns', 'del', name]);
    await rm(dir, { recursive: true, force: true });
  };
  await exec('ip', ['netns', 'add', name]);
  try {
    await exec('ip', ['link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', name]);
    await exec('ip', ['addr', 'add', `${gateway}/24`, 'dev', outside]);
    await exec('ip', ['link', 'set', outside, 'up']);
    for (const command of [`addr add ${address}/24 dev ${inside}`, `link set ${inside} up`, 'link set lo up', `route add default via ${gateway}`]) {
      await exec('ip', ['-n', name, ...command.split(' ')]);
    }
    await settled(name);
    const chromium = path.join(dir, 'chromium');
    await writeFile(chromium, `#!/bin/sh\nexec ip netns exec ${name} /usr/bin/chromium "$@"\n`);
    await chmod(chromium, 0o755);
    return { address, gateway, chromium, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Waits until the namespace's addresses are final: Chromium drops what it loads
 * when one changes.
 * @param {string} name
 */
async function settled(name) {
  for (let tries = 0; tries < 1000; tries++) {
    const { stdout } = await exec('ip', ['-n', name, '-o', 'addr', 'show', 'scope', 'link']);
    if (stdout.includes('fe80:') && !stdout.includes('tentative')) return;
    if (tries > 200 && !stdout.includes('tentative')) return; // a kernel without IPv6
  }
  throw new Error(`the addresses of namespace ${name} stay tentative`);
}
