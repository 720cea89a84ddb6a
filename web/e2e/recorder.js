// A proxy between a browser and everything else, which passes on what is for the
// site and refuses the rest. It sees all that the browser asks for by HTTP, also
// what the browser does on its own account, in a service worker or ahead of time.

import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

/**
 * @typedef {object} Recorder
 * @property {number} port of the proxy, on 127.0.0.1
 * @property {string[]} asked origins and paths that were asked for, and hosts that a tunnel (WebSocket) was asked to
 * @property {string[]} cookies what was sent or set by any side
 * @property {() => void} stop
 */

/**
 * @param {string} site its URL; http
 * @returns {Promise<Recorder>}
 */
export async function startRecorder(site) {
  const { origin, hostname } = new URL(site);
  const asked = /** @type {string[]} */ ([]);
  const cookies = /** @type {string[]} */ ([]);
  const note = (/** @type {http.IncomingHttpHeaders} */ { cookie, 'set-cookie': set }) => cookies.push(...[cookie ?? [], set ?? []].flat());

  const proxy = http.createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://nowhere.invalid');
    asked.push(url.origin + url.pathname);
    note(request.headers);
    if (url.origin !== origin) return void response.writeHead(502).end();
    const onward = http.request(url, { method: request.method, headers: request.headers }, (answer) => {
      note(answer.headers);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  proxy.on('connect', (request, socket, head) => {
    asked.push(`${request.url}`);
    const to = new URL(`http://${request.url}`);
    if (to.hostname !== hostname) return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const onward = net.connect(Number(to.port), to.hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    socket.once('data', (first) => cookies.push(...(String(first).match(/^cookie:.*$/gim) ?? [])));
    for (const end of [socket, onward]) end.on('error', () => [socket, onward].forEach((each) => each.destroy()));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: /** @type {net.AddressInfo} */ (proxy.address()).port,
    asked,
    cookies,
    stop() {
      proxy.close();
      proxy.closeAllConnections();
    },
  };
}
