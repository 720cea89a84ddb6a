// The port that https, WebSocket and TURN over TLS share: for users whose network
// passes 443 and nothing else.

import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

/** Makes a certificate, by letting a daemon make one for itself. */
async function makeCertificate() {
  const daemon = await startDaemon('--tls-self-signed');
  const pem = await readFile(path.join(daemon.dir, 'self-signed.pem'), 'utf8');
  await daemon.stop();
  const spki = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return { pem, pin: createHash('sha256').update(spki).digest('base64') };
}

for (const relay of ['masked', 'open']) {
  test(`one TLS port carries the site, the WebSocket and the ${relay} relay`, (t) => oneTLSPort(t, relay));
}

/** @param {import('node:test').TestContext} t @param {string} relay */
async function oneTLSPort(t, relay) {
  const { pem, pin } = await makeCertificate();
  const dir = await mkdtemp(path.join(tmpdir(), 'joingyd-cert-'));
  t.after(() => rm(dir, { recursive: true }));
  const file = path.join(dir, 'both.pem');
  await writeFile(file, pem, { mode: 0o600 });
  const open = relay === 'open' ? ['--turn-relay', 'open', '--turn-relay-addresses', '127.0.0.1'] : [];
  const daemon = await startDaemon(...open, '--turn-listen', '', '--tls-listen', '127.0.0.1:0', '--tls-cert-file', file, '--tls-key-file', file);
  t.after(() => daemon.stop());
  const address = /https (127\.0\.0\.1:\d+)/.exec(daemon.ready)?.[1];
  assert.ok(address, daemon.ready);
  assert.match(daemon.ready, new RegExp(`stun/turn tls ${address}`), 'the same port');
  // Chromium checks the relay's certificate too; this one it is told to know.
  const args = [`--ignore-certificate-errors-spki-list=${pin}`];
  const [a, b] = await Promise.all([1, 2].map(() => Visitor.for(t, `https://${address}/`, { args })));
  await a.start('video', 'tls');
  await a.state('waiting');
  await b.start('video', 'tls');
  await Promise.all([a.decodes(5), b.decodes(5)]);
  for (const visitor of [a, b]) {
    const pair = await visitor.selectedPair();
    assert.equal(pair.local.candidateType, 'relay');
    assert.equal(pair.local.relayProtocol, 'tls');
    assert.match(pair.remote.address, relay === 'open' ? /^127\./ : /^198\.1[89]\./);
  }
}
