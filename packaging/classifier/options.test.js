import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { options } from './options.js';

const dir = mkdtempSync(path.join(tmpdir(), 'classifier-'));
test.after(() => rmSync(dir, { recursive: true }));
const token = '0123456789abcdef0123456789abcdef';
const file = path.join(dir, 'token');
writeFileSync(file, `${token}\n`);
writeFileSync(path.join(dir, 'short'), 'secret\n');

test('flags win over the environment, which wins over the defaults', () => {
  const loopback = { host: '127.0.0.1', port: 8642 };
  /** @type {[string[], NodeJS.ProcessEnv, object | undefined][]} */
  const tests = [
    [[], {}, { listen: loopback, token: undefined, queue: 8 }],
    [['--help'], {}, undefined],
    [['--listen', 'unix:///run/c.sock', '--queue', '2'], {}, { listen: { path: '/run/c.sock' }, token: undefined, queue: 2 }],
    [[], { CLASSIFIER_LISTEN: '[::1]:0', CLASSIFIER_QUEUE: '3' }, { listen: { host: '::1', port: 0 }, token: undefined, queue: 3 }],
    [['--queue', '4'], { CLASSIFIER_QUEUE: '3' }, { listen: loopback, token: undefined, queue: 4 }],
    [['--listen', '0.0.0.0:80'], { CLASSIFIER_TOKEN_FILE: file }, { listen: { host: '0.0.0.0', port: 80 }, token, queue: 8 }],
  ];
  for (const [args, env, want] of tests) assert.deepEqual(options(args, env), want, args.join(' '));
});

test('what cannot be is refused with what to do', () => {
  /** @type {[string[], RegExp][]} */
  const tests = [
    [['--listen', 'localhost:80'], /--listen: localhost:80 is neither/],
    [['--listen', '127.0.0.1'], /--listen: .* such as 127\.0\.0\.1:8642/],
    [['--listen', '127.0.0.1:65536'], /--listen/],
    [['--listen', 'unix://run/c.sock'], /--listen: .*unix:\/\/\/PATH/],
    [['--listen', '0.0.0.0:80'], /reached by others; give --token-file/],
    [['--listen', '[::]:80'], /reached by others/],
    [['--queue', '0'], /--queue: 0/],
    [['--queue', 'many'], /--queue: many/],
    [['--token-file', path.join(dir, 'short')], /--token-file: .*openssl rand/],
    [['--token-file', path.join(dir, 'none')], /no such file/],
    [['--colour'], /--colour/],
    [['stray'], /stray/],
  ];
  for (const [args, want] of tests) assert.throws(() => options(args, {}), want, args.join(' '));
});
