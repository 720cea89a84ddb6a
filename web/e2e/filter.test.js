// What becomes of lines that the site does not allow, as both sides see it.

import assert from 'node:assert/strict';
import test from 'node:test';

import { startDaemon } from './daemon.js';
import { Visitor } from './visitor.js';

test('a masked line is shown as it was delivered, a rejected one with the reason, a mute with its end', async (t) => {
  const daemon = await startDaemon('--filter-words', 'mask', '--filter-links', 'reject', '--filter-mute-after', '1');
  t.after(() => daemon.stop());
  const [a, b] = await Promise.all([Visitor.for(t, daemon.url), Visitor.for(t, daemon.url)]);
  await a.start('text');
  await a.state('waiting');
  await b.start('text');
  await Promise.all([a.state('chatting'), b.state('chatting')]);

  await a.write('what the fuck is that');
  await b.reads('them', 'what the ▒▒▒ is that');
  await a.reads('me', 'what the ▒▒▒ is that');
  await a.reads('me', 'not allowed here were left out');

  await a.write('look at https://example.com/x');
  await a.reads('me', 'Not delivered (links are not allowed here)');
  await a.reads('system', 'looked like spam. You cannot write until');
  await a.write('hello?');
  await a.reads('me', 'Not delivered (you cannot write until');
  await b.write('are you there'); // from the same address
  await b.reads('me', 'Not delivered (you cannot write until');
  assert.ok(!(await b.everythingSeen()).includes('example.com'));
  assert.deepEqual([...a.errors, ...b.errors], []);
});

test('an interest that is a link is refused, and the page says why', async (t) => {
  const daemon = await startDaemon();
  t.after(() => daemon.stop());
  const visitor = await Visitor.for(t, daemon.url);
  await visitor.start('text', 't.me/foo');
  await visitor.page.locator('#notice', { hasText: 'has a link in it' }).waitFor();
  await visitor.state('start');
});
