// What an operator may set: by flag, or by environment.

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';

export const usage = `usage: node main.js [flags]

  --listen WHERE      127.0.0.1:8642 (the default), [::1]:8642, or unix:///run/joingyd/classifier.sock
  --token-file FILE   only requests with the token in FILE are answered; required beyond loopback
  --queue N           images that wait while one is classified, 8; more are answered 503
  --help

The environment has the same as CLASSIFIER_LISTEN, CLASSIFIER_TOKEN_FILE and CLASSIFIER_QUEUE; flags win.`;

/**
 * @typedef {object} Options
 * @property {{ path: string } | { host: string, port: number }} listen as net.Server.listen takes it
 * @property {string} [token]
 * @property {number} queue
 */

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Options | undefined} undefined: help is asked for
 */
export function options(args, env) {
  const { values } = parseArgs({
    args,
    options: { listen: { type: 'string' }, 'token-file': { type: 'string' }, queue: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) return undefined;
  const listen = address(String(values.listen ?? env.CLASSIFIER_LISTEN ?? '127.0.0.1:8642'));
  const file = values['token-file'] ?? env.CLASSIFIER_TOKEN_FILE;
  const token = file === undefined ? undefined : readToken(String(file));
  if ('host' in listen && !/^(127\.|::1$)/.test(listen.host) && !token) {
    throw new Error(`--listen: ${listen.host} can be reached by others; give --token-file, or listen on 127.0.0.1 or a unix socket`);
  }
  const queue = String(values.queue ?? env.CLASSIFIER_QUEUE ?? 8);
  if (!/^[1-9]\d{0,3}$/.test(queue)) throw new Error(`--queue: ${queue} is not a number from 1 to 9999`);
  return { listen, token, queue: Number(queue) };
}

/**
 * @param {string} where
 * @returns {Options['listen']}
 */
function address(where) {
  if (where.startsWith('unix:///')) return { path: where.slice('unix://'.length) };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(where);
  const host = match?.[1] ?? match?.[2] ?? '';
  if (!isIP(host) || Number(match?.[3]) > 65535) throw new Error(`--listen: ${where} is neither an address with a port, such as 127.0.0.1:8642, nor unix:///PATH`);
  return { host, port: Number(match?.[3]) };
}

/** @param {string} file */
function readToken(file) {
  const token = readFileSync(file, 'utf8').trim();
  if (!/^[\x21-\x7e]{32,}$/.test(token)) throw new Error(`--token-file: ${file} must hold one line of 32 visible ASCII characters or more; make one with: openssl rand -hex 32`);
  return token;
}
