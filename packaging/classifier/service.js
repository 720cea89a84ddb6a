// The contract of docs/classifier.md over HTTP: two paths, JSON answers.

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

import { ages, labels, name } from './about.js';
import { ImageError, limits } from './jpeg.js';
import { UnavailableError } from './queue.js';

/** An answer other than 200. */
class HTTPError extends Error {
  /**
   * @param {number} status
   * @param {string} message says what to do
   * @param {Record<string, string>} [headers]
   */
  constructor(status, message, headers = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */

/**
 * A server that is not listening yet.
 * @param {import('./queue.js').Queue} queue
 * @param {string} [token] that requests must carry
 */
export function createService(queue, token) {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5000, keepAliveTimeout: 60_000, connectionsCheckingInterval: 5000 }, (request, response) => {
    answer(queue, token, request, response).then(
      (result) => send(response, 200, result),
      (error) => {
        if (response.destroyed) return; // nobody waits for it
        const { status, message, headers } = inHTTP(error);
        send(response, status, { error: message }, headers);
      },
    );
  });
  server.maxConnections = 256; // of 64 KiB each at most
  return server;
}

/**
 * @param {import('./queue.js').Queue} queue
 * @param {string | undefined} token
 * @param {Request} request
 * @param {Response} response
 */
async function answer(queue, token, request, response) {
  const { pathname } = new URL(request.url ?? '/', 'http://classifier');
  const method = { '/v1/classify': 'POST', '/v1/model': 'GET' }[pathname];
  if (!method) throw new HTTPError(404, `${pathname} is not here; ask for POST /v1/classify or GET /v1/model`);
  if (token && !same(request.headers.authorization ?? '', `Bearer ${token}`)) {
    throw new HTTPError(401, 'the token is missing or wrong; send Authorization: Bearer TOKEN', { 'WWW-Authenticate': 'Bearer' });
  }
  if (request.method !== method) throw new HTTPError(405, `${request.method} is not for ${pathname}; use ${method}`, { Allow: method });
  if (pathname === '/v1/model') return { model: name, labels, ages };
  const type = (request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (type !== 'image/jpeg') throw new HTTPError(415, `Content-Type is ${JSON.stringify(type)}; send a JPEG as image/jpeg`);
  const jpeg = await body(request);
  const gone = new AbortController();
  response.on('close', () => gone.abort(new Error('the client went away')));
  return { model: name, labels: await queue.classify(jpeg, gone.signal) };
}

/** Compares in a time that tells nothing. @param {string} a @param {string} b */
const same = (a, b) => timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());

/** @param {Request} request */
async function body(request) {
  const large = new HTTPError(413, `the image has more than ${limits.bytes} bytes; send a smaller or more compressed one`);
  if (Number(request.headers['content-length']) > limits.bytes) throw large;
  const whole = new Uint8Array(limits.bytes);
  let length = 0;
  for await (const chunk of request) {
    if (length + chunk.length > whole.length) throw large;
    whole.set(chunk, length);
    length += chunk.length;
  }
  return whole.slice(0, length);
}

/** @param {unknown} error */
function inHTTP(error) {
  if (error instanceof HTTPError) return error;
  if (error instanceof ImageError) return new HTTPError(400, error.message);
  if (error instanceof UnavailableError) return new HTTPError(503, error.message, { 'Retry-After': '1' });
  throw error;
}

/**
 * @param {Response} response
 * @param {number} status
 * @param {object} value
 * @param {Record<string, string>} [headers]
 */
function send(response, status, value, headers = {}) {
  const text = JSON.stringify(value);
  // What is left of a body that is not read is not read for the next request either.
  const connection = status === 200 || response.req.complete ? {} : { Connection: 'close' };
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), 'Cache-Control': 'no-store', ...connection, ...headers });
  response.end(text);
}
