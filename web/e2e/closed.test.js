// A site that has used up its traffic of the month.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

test('who wants a video chat is told that there are none this month, and chats by text', async (t) => {
  const dir = await mkdtemp(path.join(tmpdir(), 'joingyd-e2e-'));
  await mkdir(path.join(dir, 'traffic'));
  const month = new Date().toISOString().slice(0, 7);
  await writeFile(path.join(dir, 'traffic/month.json'), JSON.stringify({ [month]: 1000 }));
  const daemon = await startDaemon('--data-dir', dir, '--turn-traffic-per-month', '1000');
  t.after(async () => {
    await daemon.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const visitor = await Visitor.for(t, daemon.url);
  const { page } = visitor;
  await visitor.start('video');
  await page.locator('#notice', { hasText: /video chats are at their limit for this month; text chats work/i }).waitFor();
  assert.match(await page.locator('#notice').innerText(), /open again from \w+day, /);
  await page.click('#notice button');
  await visitor.state('waiting');
  await page.locator('#chat', { hasText: /nobody else is online/i }).waitFor();
  assert.deepEqual(visitor.errors, []);
  assert.deepEqual(await visitor.violations(), []);
});
