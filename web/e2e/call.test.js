// The main job: two strangers in two real browsers.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

for (const transport of ['udp', 'tcp']) {
  test(`video over ${transport}: two browsers meet, see each other, write, and go on`, async (t) => {
    const daemon = await startDaemon('--turn-transports', transport, '--match-patience', '300ms');
    t.after(() => daemon.stop());
    const [a, b] = await Promise.all([1, 2].map(() => Visitor.for(t, daemon.url, { own: true })));

    await a.start('video', 'Chess', 'jazz');
    await a.state('waiting');
    await b.start('video', 'chess');
    const began = performance.now();
    await Promise.all([a.decodes(5), b.decodes(5)]);
    t.diagnostic(`both sides decoded 5 frames after ${Math.round(performance.now() - began)} ms`);
    await a.reads('system', 'Chess');
    await b.reads('system', 'chess');

    for (const visitor of [a, b]) {
      const pair = await visitor.selectedPair();
      assert.equal(pair.local.candidateType, 'relay');
      assert.equal(pair.remote.candidateType, 'relay');
      assert.equal(pair.local.relayProtocol, transport);
      assert.match(pair.remote.address, /^198\.1[89]\./);
    }

    await a.write('hello <b>stranger</b>');
    await b.reads('them', 'hello <b>stranger</b>');
    await a.page.waitForSelector('#log li.line[data-from="me"][data-mark="sent"]');

    const first = await b.page.evaluate(() => /** @type {any} */ (window).seen.peers.length);
    await a.page.click('#next');
    await b.page.waitForFunction((n) => /** @type {any} */ (window).seen.peers.length > n, first);
    await Promise.all([a.state('chatting'), b.state('chatting')]);
    await Promise.all([a.decodes(5), b.decodes(5)]);

    const { ban, ended_sessions: ended } = await daemon.control('ban', '127.0.0.1', '--force', '--reason', 'testing bans');
    assert.equal(ban.reason, 'testing bans');
    assert.equal(ended, 2);
    await Promise.all([a.state('banned'), b.state('banned')]);
    await a.page.locator('#ban-notice', { hasText: 'testing bans' }).waitFor();
    await a.page.reload();
    await a.start('text');
    await a.state('banned');
    const rules = await a.page.request.get(`${daemon.url}/rules`);
    assert.equal(rules.status(), 200, 'pages stay readable');
    await daemon.control('unban', '127.0.0.1');

    assert.deepEqual(await a.violations(), []);
    assert.deepEqual(a.errors.filter((error) => !error.includes('403')), []);
  });
}

test('text: two browsers write to each other, and the partner is told when one leaves', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  await a.start('text');
  await a.state('waiting');
  await b.start('text');
  await Promise.all([a.state('chatting'), b.state('chatting')]);
  for (const { page } of [a, b]) assert.equal(await page.innerText('#online'), '2 strangers online', 'nobody chats alone');
  await b.write('<img src=x onerror=alert(1)> 👋');
  await a.reads('them', '<img src=x onerror=alert(1)> 👋');
  await a.page.click('#report');
  await a.page.check('#report-dialog input[value="spam"]');
  await a.page.uncheck('#report-block');
  await a.page.click('#report-send');
  await a.reads('system', 'report');
  await b.page.close();
  await a.state('left');
  assert.deepEqual(a.errors, []);
  assert.deepEqual(await a.violations(), []);
});

test('a lost socket is resumed: the chat goes on and nothing is lost', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  const route = /** @type {{close: () => void}[]} */ ([]);
  await a.page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    route.push({ close: () => Promise.all([server.close({ code: 4000 }), socket.close({ code: 4000 })]) });
  });
  await a.page.reload();
  await a.start('text');
  await a.state('waiting');
  await b.start('text');
  await Promise.all([a.state('chatting'), b.state('chatting')]);
  route[0].close();
  await b.write('are you still there?');
  await a.reads('them', 'are you still there?');
  assert.equal(route.length, 2, 'a second socket was opened');
  await a.write('yes');
  await b.reads('them', 'yes');
});

test('typing: it is repeated while it goes on, and vanishes where nothing more comes', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  const typed = /** @type {boolean[]} */ ([]);
  a.page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => {
    const message = JSON.parse(String(payload));
    if (message.type === 'typing') typed.push(message.on);
  }));
  for (const { page } of [a, b]) {
    await page.clock.install();
    await page.reload();
  }
  await a.start('text');
  await a.state('waiting');
  await b.start('text');
  await Promise.all([a.state('chatting'), b.state('chatting')]);

  const shown = b.page.locator('#typing');
  await a.page.locator('#message').pressSequentially('he');
  await shown.waitFor();
  await a.page.clock.runFor(6_000);
  await shown.waitFor({ state: 'hidden' });
  assert.deepEqual(typed, [true, true, false], 'repeated after 3 s, taken back after 5 s');

  await a.page.locator('#message').pressSequentially('y');
  await shown.waitFor();
  await b.page.clock.runFor(8_000);
  await shown.waitFor({ state: 'hidden' });
  const last = await b.page.evaluate(() => /** @type {any} */ (window).seen.messages.at(-1));
  assert.equal(JSON.parse(last).on, true, 'nobody has taken it back');
  assert.deepEqual(a.errors, []);
});
