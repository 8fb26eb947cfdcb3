// `undici` through the proxy, to http_origin.js: undici_client.js HOST:PORT
'use strict';

const { createHash } = require('node:crypto');
const { PassThrough, Readable } = require('node:stream');
const { Agent, Client, errors, fetch, request } = require('undici');
const { ok, equal, within, run } = require('./check.js');

const proxy = `http://${process.argv[2]}`;
const MIB = 1024 * 1024;

function letters(count) {
  return Buffer.alloc(count, 'abcdefghijklmnopqrstuvwxyz');
}

function sha256(content) {
  return createHash('sha256').update(content).digest('hex');
}

// A body without a length.
function parts(content, size) {
  const all = [];
  for (let start = 0; start < content.length; start += size) all.push(content.subarray(start, start + size));
  return Readable.from(all, { objectMode: false });
}

async function content(response) {
  return Buffer.from(await response.body.arrayBuffer());
}

async function report(path, options) {
  const response = await request(proxy + path, options);
  equal(response.statusCode, 200, path);
  return response.body.json();
}

async function simple() {
  const got = await report('/path?q=1');
  equal([got.method, got.url], ['GET', '/path?q=1'], 'GET');
  const posted = await report('/json', { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } });
  equal([posted.method, posted.length, posted.headers['content-type']], ['POST', 7, 'application/json'], 'POST');
  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const { method: arrived, length } = await report('/x', { method, body: 'body' });
    equal([arrived, length], [method, 4], method);
  }
  const head = await request(`${proxy}/bytes?n=77`, { method: 'HEAD' });
  equal([(await content(head)).length, head.headers['content-length']], [0, '77'], 'HEAD');
  const redirect = await request(`${proxy}/redirect`);
  await redirect.body.dump();
  equal([redirect.statusCode, redirect.headers.location], [302, 'http://elsewhere.invalid/x?y'], 'a redirect');
  const early = [];
  const late = await request(`${proxy}/early`, { onInfo: ({ statusCode, headers }) => early.push([statusCode, headers['x-hint']]) });
  equal(await late.body.text(), 'late\n', 'behind interim responses');
  equal(early, [[102, undefined], [103, 'one']], 'interim responses');
  ok('GET, POST, HEAD and others, redirect, 103');
}

async function fetched() {
  const form = new FormData();
  form.set('file', new Blob([letters(100_000)]), 'a.bin');
  const sent = await (await fetch(`${proxy}/form`, { method: 'POST', body: form })).json();
  equal(sent.headers['content-type'].split(';')[0], 'multipart/form-data', 'a form with a file');
  const zipped = await fetch(`${proxy}/gzip`);
  equal(Buffer.from(await zipped.arrayBuffer()), letters(100_000), 'a zipped body');
  const body = Readable.toWeb(parts(letters(MIB), 10_000));
  const streamed = await (await fetch(`${proxy}/up`, { method: 'POST', body, duplex: 'half' })).json();
  equal([streamed.length, streamed.headers['transfer-encoding']], [MIB, 'chunked'], 'a stream');
  ok('fetch: a form, a zipped body, a stream');
}

async function trailers() {
  const response = await request(`${proxy}/trailers`, { headers: { te: 'trailers' } });
  equal(await response.body.text(), 'with trailers\n', 'a body with trailers');
  equal([response.headers['x-sum'], response.trailers], [undefined, { 'x-sum': '14' }], 'trailers');
  ok('trailers');
}

async function streams() {
  const whole = letters(3 * MIB);
  const up = await report('/up', { method: 'POST', body: parts(whole, 50_000) });
  equal([up.length, up.sha256, up.headers['transfer-encoding']], [whole.length, sha256(whole), 'chunked'], 'an upload');
  const down = await request(`${proxy}/chunked?n=${whole.length}`);
  equal(sha256(await content(down)), sha256(whole), 'a download');

  // Each part comes back before the next is sent.
  const body = new PassThrough();
  const mirror = request(`${proxy}/mirror`, { method: 'POST', body });
  // undici sends the head with the first of the body.
  body.write('part 0');
  const response = await within(mirror, 'a response before the end of the request');
  let number = 0;
  let got = '';
  for await (const part of response.body) {
    got += part;
    if (got.length < `part ${number}`.length) continue;
    equal(got, `part ${number}`, 'a part that came back');
    number += 1;
    got = '';
    if (number === 100) body.end();
    else body.write(`part ${number}`);
  }
  equal([number, got], [100, ''], 'parts that came back');

  for (const path of ['/cut', '/cut?length']) {
    const broken = await request(proxy + path);
    const whole = await content(broken).then(() => true, () => false);
    equal(whole, false, `whether a response that broke off (${path}) looks whole`);
  }
  ok('streams up and down, both at once, cut');
}

async function large() {
  const whole = letters(64 * MIB);
  const up = await report('/up', { method: 'PUT', body: whole });
  equal([up.length, up.sha256], [whole.length, sha256(whole)], 'an upload');
  const down = await request(`${proxy}/bytes?n=${whole.length}`);
  equal(sha256(await content(down)), sha256(whole), 'a download');
  ok('64 MiB up and down');
}

async function keepAlive() {
  const client = new Client(proxy);
  let connections = 0;
  client.on('connect', () => (connections += 1));
  for (let i = 0; i < 100; i += 1) {
    const { statusCode, body } = await client.request({ path: '/x', method: 'POST', body: letters(i) });
    equal([statusCode, (await body.json()).length], [200, i], 'a request of many');
  }
  equal(connections, 1, 'connections for 100 requests');
  await client.close();

  const pipelining = new Client(proxy, { pipelining: 10 });
  const all = Array.from({ length: 100 }, async (_, i) => {
    const { body } = await pipelining.request({ path: `/${i}`, method: 'GET' });
    equal((await body.json()).url, `/${i}`, 'a pipelined request');
  });
  await within(Promise.all(all), 'pipelined requests');
  await pipelining.close();
  ok('100 requests on one connection, and pipelined');
}

async function timeouts() {
  for (let i = 0; i < 3; i += 1) {
    const failed = await request(`${proxy}/silent`, { dispatcher: new Agent({ headersTimeout: 300 }) }).catch((error) => error);
    equal(failed instanceof errors.HeadersTimeoutError, true, `a timeout, not ${failed}`);
  }
  const aborted = await request(`${proxy}/silent`, { signal: AbortSignal.timeout(300) }).catch((error) => error);
  equal(aborted.name, 'TimeoutError', 'given up by a signal');
  const seen = await within(request(`${proxy}/abandoned?of=4`), 'the origin to see it');
  equal(await seen.body.text(), '4', 'requests that were given up');
  ok('timeouts of the client reach the origin');
}

async function crowd() {
  const one = async (number) => {
    const sent = letters(number * 1000);
    const got = await report(`/${number}`, { method: 'POST', body: sent });
    equal([got.url, got.sha256], [`/${number}`, sha256(sent)], 'one of many');
    const down = await request(`${proxy}/chunked?n=${number}`);
    equal(await content(down), letters(number), 'another of many');
  };
  for (let round = 0; round < 4; round += 1) {
    await within(Promise.all(Array.from({ length: 50 }, (_, number) => one(number))), '50 at a time');
  }
  ok('50 at a time');
}

run(async () => {
  await simple();
  await fetched();
  await trailers();
  await streams();
  await large();
  await keepAlive();
  await timeouts();
  await crowd();
});
