// The contract of docs/classifier.md, claim by claim, over a real model.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import test from 'node:test';

import { blue, landscape, picture } from './pictures.js';
import { Queue, UnavailableError } from './queue.js';
import { createService } from './service.js';

const jpeg = picture(120, 90, blue);

const shared = await Queue.start();
test.after(() => shared.stop());

/** @param {import('node:test').TestContext} t @param {{ queue?: Queue, token?: string }} [options] */
async function start(t, { queue = shared, token } = {}) {
  const server = createService(queue, token).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${port}`;
  /** @param {Uint8Array<ArrayBuffer>} body @param {Record<string, string>} [headers] */
  const post = (body, headers) => fetch(`${url}/v1/classify`, { method: 'POST', headers: { 'Content-Type': 'image/jpeg', ...headers }, body });
  return { url, port, post };
}

test('an image gets a score for each label', async (t) => {
  const { url, post } = await start(t);
  const about = await (await fetch(`${url}/v1/model`)).json();
  assert.deepEqual(about, { model: 'nsfwjs-mobilenet_v2@4.4.0', labels: ['drawing', 'hentai', 'neutral', 'porn', 'sexy'], ages: false });
  assert.ok(about.labels.length <= 32 && about.labels.every((/** @type {string} */ label) => /^[a-z0-9_-]+$/.test(label)));

  const answers = [];
  for (const image of [jpeg, jpeg, picture(120, 90, landscape)]) {
    const response = await post(image);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    answers.push(await response.json());
  }
  assert.equal(answers[0].model, about.model);
  assert.deepEqual(Object.keys(answers[0].labels), about.labels);
  assert.deepEqual(answers[1], answers[0]);
  assert.notDeepEqual(answers[2], answers[0]);
});

test('what is refused says why, and the next request is answered', async (t) => {
  const { url, port, post } = await start(t);
  /** @type {[string, () => Promise<Response>, number, RegExp, Record<string, string>?][]} */
  const tests = [
    ['no JPEG', () => post(new TextEncoder().encode('GIF89a')), 400, /convert/],
    ['damaged', () => post(jpeg.slice(0, jpeg.length / 2)), 400, /damaged.*whole/],
    ['empty', () => post(new Uint8Array()), 400, /empty/],
    ['large', () => post(new Uint8Array((64 << 10) + 1)), 413, /smaller/, { connection: 'close' }],
    ['a PNG', () => post(jpeg, { 'Content-Type': 'image/png' }), 415, /image\/jpeg/],
    ['no type', () => post(jpeg, { 'Content-Type': '' }), 415, /image\/jpeg/],
    ['GET', () => fetch(`${url}/v1/classify`), 405, /use POST/, { allow: 'POST' }],
    ['POST', () => fetch(`${url}/v1/model`, { method: 'POST' }), 405, /use GET/, { allow: 'GET' }],
    ['elsewhere', () => fetch(`${url}/v2/classify`), 404, /\/v1\/classify/],
  ];
  for (const [name, ask, status, why, headers = {}] of tests) {
    const response = await ask();
    assert.equal(response.status, status, name);
    const answer = await response.json();
    assert.deepEqual(Object.keys(answer), ['error'], name);
    assert.match(answer.error, why, name);
    for (const [header, value] of Object.entries(headers)) assert.equal(response.headers.get(header), value, `${name}: ${header}`);
  }
  // Without a length, what is too much is found while it comes.
  const request = httpRequest({ port, path: '/v1/classify', method: 'POST', headers: { 'Content-Type': 'image/jpeg' } });
  request.on('error', () => {}); // it may be cut while it is still sent
  request.write(new Uint8Array(64 << 10));
  request.write(new Uint8Array(1));
  const [response] = await once(request, 'response');
  assert.equal(response.statusCode, 413);
  request.destroy();
  assert.equal((await post(jpeg)).status, 200);
  assert.equal((await post(jpeg, { 'Content-Type': 'image/jpeg; q=1' })).status, 200);
});

test('with a token, others are refused', async (t) => {
  const token = '0123456789abcdef0123456789abcdef';
  const { url, post } = await start(t, { token });
  for (const [authorization, want] of [[`Bearer ${token}`, 200], [`Bearer ${token}0`, 401], [token, 401], ['', 401]]) {
    const headers = { Authorization: String(authorization) };
    for (const response of [await post(jpeg, headers), await fetch(`${url}/v1/model`, { headers })]) {
      assert.equal(response.status, want, String(authorization));
      assert.equal(response.headers.get('www-authenticate'), want === 401 ? 'Bearer' : null);
      await response.arrayBuffer();
    }
  }
});

test('more than the queue holds is answered 503 at once, with Retry-After', async (t) => {
  const queue = await Queue.start({ bound: 1 });
  t.after(() => queue.stop());
  const { post } = await start(t, { queue });
  const responses = await Promise.all(Array.from({ length: 8 }, () => post(jpeg)));
  const statuses = responses.map(({ status }) => status).sort();
  assert.deepEqual([statuses[0], statuses[7]], [200, 503], String(statuses));
  for (const response of responses) {
    const answer = await response.json();
    if (response.status !== 503) continue;
    assert.equal(response.headers.get('retry-after'), '1');
    assert.match(answer.error, /wait already; ask again/);
  }
  assert.equal((await post(jpeg)).status, 200);
});

test('an image whose sender went away is not classified', async () => {
  const away = new AbortController();
  const first = shared.classify(jpeg.slice());
  const second = assert.rejects(shared.classify(jpeg.slice(), away.signal), /left/);
  away.abort(new Error('left'));
  await second;
  assert.ok((await first).drawing > 0);
});

test('a thread that an image holds up is replaced', async () => {
  /** @type {Error[]} */
  const failures = [];
  const queue = await Queue.start({ deadline: 1, onFailure: (error) => failures.push(error) });
  const large = picture(640, 480, blue, 50);
  await assert.rejects(queue.classify(large.slice()), UnavailableError);
  await assert.rejects(queue.classify(large.slice()), UnavailableError, 'by the second thread');
  assert.deepEqual(failures.map(({ message }) => message), Array(2).fill('an image took longer than 1 ms'));
  await queue.stop();
});

test('what came before the stop is answered, what comes after is not', async () => {
  const queue = await Queue.start();
  const before = [queue.classify(jpeg.slice()), queue.classify(jpeg.slice())];
  const stopped = queue.stop();
  await assert.rejects(queue.classify(jpeg.slice()), UnavailableError);
  for (const labels of await Promise.all(before)) assert.ok(labels.drawing > 0);
  await stopped;
});
