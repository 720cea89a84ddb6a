// Open mode: real relay sockets, still relay only and masked.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

for (const transport of ['udp', 'tcp']) {
  test(`open relay over ${transport}: two browsers see each other through real relay sockets`, async (t) => {
    const daemon = await startDaemon('--turn-transports', transport, '--turn-relay', 'open', '--turn-relay-addresses', '127.0.0.1', '--turn-relay-ports', '52000-52999');
    t.after(() => daemon.stop());
    const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
    await a.start('video', 'open');
    await a.state('waiting');
    await b.start('video', 'open');
    await Promise.all([a.decodes(5), b.decodes(5)]);
    for (const visitor of [a, b]) {
      const pair = await visitor.selectedPair();
      assert.equal(pair.local.candidateType, 'relay');
      assert.equal(pair.remote.candidateType, 'relay');
      assert.equal(pair.remote.address, '127.0.0.1');
      assert.ok(pair.remote.port >= 52000 && pair.remote.port <= 52999, `relay port ${pair.remote.port}`);
    }
  });
}
