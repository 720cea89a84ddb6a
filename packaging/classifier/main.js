// Loads the model, listens, and ends in good order on SIGTERM or SIGINT.

import { once } from 'node:events';
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

import { name } from './about.js';
import { options, usage } from './options.js';
import { Queue } from './queue.js';
import { createService } from './service.js';

/**
 * Removes a socket that a killed classifier left behind.
 * @param {string} path
 */
async function removeStale(path) {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return; // listen says what is wrong, if anything is
  const socket = connect(path);
  const alive = await new Promise((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)));
  socket.destroy();
  if (alive) throw new Error(`--listen: something answers on ${path} already; stop it, or name another path`);
  unlinkSync(path);
}

async function main() {
  const opts = options(process.argv.slice(2), process.env);
  if (!opts) return console.log(usage);
  const { listen, token, queue: bound } = opts;
  const queue = await Queue.start({ bound, onFailure: (error) => console.error(`classifier: the thread is replaced: ${error.message}`) });
  const server = createService(queue, token);
  try {
    if ('path' in listen) await removeStale(listen.path);
    server.listen(listen);
    await once(server, 'listening');
    if ('path' in listen) chmodSync(listen.path, 0o660);
  } catch (error) {
    await queue.stop();
    throw error;
  }
  const address = server.address();
  console.log(`classifier ready: ${typeof address === 'string' ? `unix://${address}` : `http://${address?.family === 'IPv6' ? `[${address.address}]` : address?.address}:${address?.port}`} ${name}`);

  await Promise.race(['SIGTERM', 'SIGINT'].map((signal) => once(process, signal)));
  const closed = once(server, 'close');
  server.close();
  await queue.stop(); // what came before is answered
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 1000).unref(); // who is slow to take an answer
  await closed;
}

main().catch((error) => {
  console.error(`classifier: ${error.message}`);
  process.exitCode = 1;
});
