// A bad connection to the daemon: a TCP proxy that delays and paces what it passes
// on, handshakes included. (What Chromium's developer tools slow down are answers:
// connections and their handshakes cost nothing there.)

import net from 'node:net';

const segment = 1400; // bytes that come at once

/**
 * @param {string} to URL of the daemon
 * @param {{roundTrip: number, rate: number}} line ms, and bytes a second to the visitor
 * @returns {Promise<{url: string, close: () => void}>}
 */
export async function startSlowLine(to, { roundTrip, rate }) {
  const { protocol, hostname, port } = new URL(to);
  const delay = roundTrip / 2;
  const sockets = /** @type {Set<net.Socket>} */ (new Set());
  const server = net.createServer((visitor) => {
    const daemon = net.connect(Number(port), hostname);
    let free = 0; // when the line has carried what it was given
    visitor.on('data', (data) => setTimeout(() => daemon.writable && daemon.write(data), delay));
    daemon.on('data', (data) => {
      for (let at = 0; at < data.length; at += segment) {
        const part = data.subarray(at, at + segment);
        const now = performance.now();
        free = Math.max(free, now) + (part.length / rate) * 1000;
        setTimeout(() => visitor.writable && visitor.write(part), free - now + delay);
      }
    });
    for (const socket of [visitor, daemon]) {
      sockets.add(socket);
      socket.on('error', () => {}); // its end follows
      socket.on('close', () => {
        sockets.delete(socket);
        setTimeout(() => (socket === daemon ? visitor : daemon).destroy(), 10 * delay);
      });
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {net.AddressInfo} */ (server.address());
  return {
    url: `${protocol}//127.0.0.1:${address.port}/`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
