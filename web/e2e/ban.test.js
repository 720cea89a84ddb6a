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
  const told = async () => {
    await visitor.state('start');
    const said = await page.locator('#notice').innerText();
    assert.match(said, /video chat is closed to you for good/i);
    assert.ok(said.includes('testing <b>bans</b>'), said);
  };
  await visitor.start('video');
  await visitor.state('waiting');
  await daemon.control('ban', '127.0.0.1', '--scope', 'video', '--permanent', '--force', '--reason', 'testing <b>bans</b>');
  await told(); // in the middle of a search,
  await page.click('#video-chat');
  await told(); // and when another one starts
  await page.click('#notice button');
  await visitor.state('waiting');
  await page.locator('#chat', { hasText: /nobody else is online/i }).waitFor();
  assert.deepEqual(visitor.errors, []);
  assert.deepEqual(await visitor.violations(), []);
});
