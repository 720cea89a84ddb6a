// Bans that leave something open.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

test('who is banned from video chats is told so, and chats by text', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  const { page } = visitor;
  const refusal = {
    type: 'error', code: 'video_banned', re: 'find', detail: 'no video', reason: 'testing <b>bans</b>', until: null, appeal: '/appeal',
  };
  await page.routeWebSocket(/\/ws$/, (socket) => { // as docs/protocol.md has it
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const { type, mode } = JSON.parse(String(message));
      if (type === 'find' && mode === 'video') socket.send(JSON.stringify(refusal));
      else server.send(message);
    });
  });
  await page.reload();
  await visitor.start('video');
  await visitor.state('start');
  const said = await page.locator('#notice').innerText();
  assert.match(said, /video chat is closed to you for good/i);
  assert.ok(said.includes('testing <b>bans</b>'), said);
  await page.click('#notice button');
  await visitor.state('waiting');
  assert.deepEqual(visitor.errors, []);
  assert.deepEqual(await visitor.violations(), []);
});
