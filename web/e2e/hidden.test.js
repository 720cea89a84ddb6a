// Trial B3: what the other side's page can see of my address, with the two
// browsers on hosts of their own (network namespaces), camera granted.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { canMakeNamespaces, makeNamespace } from './namespace.js';
import { Visitor } from './visitor.js';

const possible = await canMakeNamespaces();

for (const transport of ['udp', 'tcp']) {
  test(`B3 over ${transport} neither page sees an address of the other side`, { skip: possible ? false : 'needs root, to make network namespaces' }, async (t) => {
    const hosts = /** @type {import('./namespace.js').Namespace[]} */ ([]);
    for (const n of [1, 2]) {
      const host = await makeNamespace(n);
      t.after(() => host.remove());
      hosts.push(host);
    }
    const daemon = await startDaemon('--listen', '0.0.0.0:0', '--turn-listen', '0.0.0.0:0', '--tls-self-signed', '--site-contact', 'operator@example.org', '--turn-transports', transport, '--filter-links', 'allow');
    t.after(() => daemon.stop());
    const { port } = new URL(daemon.url);
    const [a, b] = await Promise.all(
      hosts.map((host) => Visitor.for(t, `https://${host.gateway}:${port}/`, { own: true, executable: host.chromium, args: ['--ignore-certificate-errors'] })),
    );
    await a.start('video', 'hiding');
    await a.state('waiting');
    await b.start('video', 'hiding');
    await Promise.all([a.decodes(30), b.decodes(30)]);
    await a.write('hello');
    await b.reads('them', 'hello');

    const sides = [
      { visitor: a, mine: hosts[0], theirs: hosts[1] },
      { visitor: b, mine: hosts[1], theirs: hosts[0] },
    ];
    for (const { visitor, mine, theirs } of sides) {
      const seen = await visitor.everythingSeen();
      assert.ok(seen.includes('candidate:') && seen.includes('"remote-candidate"'), 'the page saw candidates at all');
      // Chromium writes 127.0.0.1 into the o= line of every description that it is asked for.
      const known = ['0.0.0.0', '127.0.0.1', mine.address, mine.gateway];
      const foreign = new Set(seen.match(/\b\d{1,3}(\.\d{1,3}){3}\b/g)?.filter((ip) => !known.includes(ip) && !/^198\.1[89]\./.test(ip)));
      t.diagnostic(`foreign addresses seen: ${foreign.size}, in ${seen.length} characters`);
      assert.deepEqual([...foreign], []);
      assert.ok(!seen.includes(theirs.address));
      assert.ok(!/\bfe80:|\.local\b/i.test(seen), 'no link-local address, no mDNS name');
    }

    // The check can fail: an address that is told in the chat, which links are allowed in, is found.
    await a.write(`I am at ${hosts[0].address}`);
    await b.reads('them', 'I am at');
    assert.ok((await b.everythingSeen()).includes(hosts[0].address));
    assert.ok(!daemon.log.join('\n').includes(hosts[0].address), 'nor does the log have it');
  });
}
