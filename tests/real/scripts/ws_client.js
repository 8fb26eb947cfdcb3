// `ws` through the proxy: ws_client.js HOST:PORT NAME-OF-THE-SERVER
'use strict';

const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const net = require('node:net');
const WebSocket = require('ws');
const { ok, equal, within, run } = require('./check.js');

const [proxy, server] = process.argv.slice(2);
const MIB = 1024 * 1024;

// A connection whose messages, pongs and end can be waited for in turn.
class Client {
  constructor(path, protocols = [], options = {}) {
    this.path = path;
    this.queues = { message: [], pong: [] };
    this.socket = new WebSocket(`ws://${proxy}${path}`, protocols, { maxPayload: 64 * MIB, ...options });
    this.socket.on('error', () => {});
    this.socket.on('message', (data, binary) => this.queue('message', binary ? data : data.toString()));
    this.socket.on('pong', (data) => this.queue('pong', data));
    this.end = once(this.socket, 'close').then(([code, reason]) => [code, reason.toString()]);
  }

  static async open(...how) {
    const client = new Client(...how);
    await within(once(client.socket, 'open'), client.path);
    return client;
  }

  queue(kind, what) {
    this.queues[kind].push(what);
    this.socket.emit(`queued-${kind}`);
  }

  async next(kind = 'message') {
    const queue = this.queues[kind];
    if (queue.length === 0) await within(once(this.socket, `queued-${kind}`), `${this.path}: ${kind}`);
    return queue.shift();
  }

  async echo(sent, what) {
    this.socket.send(sent);
    equal(await this.next(), sent, what);
  }

  ended() {
    return within(this.end, `${this.path}: its end`);
  }

  async close(code, reason) {
    this.socket.close(code, reason);
    return this.ended();
  }
}

let ids = 0;

function fresh() {
  ids += 1;
  return `js-${process.pid}-${ids}`;
}

// How the server saw a connection end.
async function seen(id) {
  const client = await Client.open(`/closed?of=${id}`);
  const end = JSON.parse(await client.next());
  client.socket.terminate();
  return end;
}

async function messages() {
  const client = await Client.open('/echo');
  const texts = ['', 'one', 'zwölf ✓ 🦀', 'x'.repeat(70_000)];
  for (const text of texts) await client.echo(text, 'text');
  for (const size of [0, 1, 125, 126, 65_535, 65_536]) await client.echo(randomBytes(size), `${size} bytes`);
  for (let i = 0; i < 200; i += 1) client.socket.send(`message ${i}`);
  for (let i = 0; i < 200; i += 1) equal(await client.next(), `message ${i}`, 'their order');
  equal(await client.close(1000), [1000, ''], 'the end');
  ok(`text, binary, and 200 in order, from ${server}`);
}

async function large() {
  for (const [perMessageDeflate, path, extensions] of [
    [true, '/echo', 'permessage-deflate'],
    [true, '/echo?deflate=no', ''],
    [false, '/echo', ''],
  ]) {
    const client = await Client.open(path, [], { perMessageDeflate });
    equal(client.socket.extensions, extensions, 'extensions');
    const half = randomBytes(8 * MIB);
    await client.echo(Buffer.concat([half, Buffer.alloc(8 * MIB, 'dial ')]), '16 MiB');
    await client.echo('ü'.repeat(8 * MIB), '16 MiB of text');
    equal(await client.close(1000), [1000, ''], 'the end');
    ok(`16 MiB both ways, extensions: ${extensions || 'none'}`);
  }
}

async function pings() {
  const client = await Client.open('/echo');
  for (const payload of [Buffer.alloc(0), Buffer.from('are you there'), randomBytes(125)]) {
    client.socket.ping(payload);
    equal(await client.next('pong'), payload, 'pong');
  }
  await client.close(1000);
  const pinged = await Client.open('/ping');
  equal(await pinged.next(), '3 pongs', 'pings of the server');
  await pinged.close(1000);
  ok('ping and pong, from both sides');
}

async function closures() {
  const long = 'r'.repeat(123);
  for (const [code, reason] of [
    [1000, ''], [1000, 'done'], [1001, 'gone'], [1011, 'sorry'], [3000, 'ümläut'], [3999, ''], [4000, long], [4999, 'last'],
  ]) {
    const id = fresh();
    const client = await Client.open(`/echo?id=${id}`);
    equal(await client.close(code, reason), [code, reason], `closed by the client with ${code}`);
    equal(await seen(id), [code, reason], `the server's view of ${code}`);

    const closed = await Client.open(`/close?code=${code}&reason=${encodeURIComponent(reason)}`);
    equal(await closed.ended(), [code, reason], `closed by the server with ${code}`);
  }
  const id = fresh();
  const client = await Client.open(`/echo?id=${id}`);
  equal(await client.close(), [1005, ''], 'closed without a code');
  equal((await seen(id))[0], 1005, 'the server\'s view of no code');
  ok('close codes and reasons, from both sides');
}

async function drops() {
  const dropped = await Client.open('/drop');
  dropped.socket.send('now');
  equal(await dropped.ended(), [1006, ''], 'dropped by the server');
  const id = fresh();
  const client = await Client.open(`/echo?id=${id}`);
  await client.echo('once', 'a message before the end');
  client.socket.terminate();
  equal((await seen(id))[0], 1006, 'dropped by the client');
  ok('dropped connections are 1006 to the other side');
}

async function refusals() {
  for (const status of [401, 403, 426]) {
    const client = new Client(`/refuse?status=${status}`);
    const [, response] = await within(once(client.socket, 'unexpected-response'), 'a refusal');
    let body = '';
    for await (const part of response) body += part;
    equal([response.statusCode, body], [status, 'not you\n'], 'refusal');
    equal(response.headers['x-refused'], 'yes', 'a field of the refusal');
    equal(response.headers['www-authenticate'], 'Basic realm="x"', 'another');
    equal(response.headers.upgrade, status === 426 ? 'websocket' : undefined, 'what a 426 asks for');
  }
  ok('401, 403 and 426 as the server sent them');
}

async function negotiation() {
  for (const [offered, chosen] of [[['chat.v1', 'chat.v2'], 'chat.v2'], [['chat.v2'], 'chat.v2'], [[], '']]) {
    const client = await Client.open('/echo', offered);
    equal(client.socket.protocol, chosen, `of ${offered}`);
    await client.close(1000);
  }
  ok('subprotocols');
}

async function early() {
  const client = await Client.open('/greet');
  equal([await client.next(), await client.next()], ['hello', 'again'], 'behind the 101');
  await client.close(1000);

  // A masked text message in the segment of the handshake.
  const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x48, 0x69]);
  const socket = connect('/echo', 'websocket', frame);
  const [head, rest] = await answer(socket, 4);
  equal(head.split('\r\n')[0], 'HTTP/1.1 101 Switching Protocols', 'the head');
  equal(rest, Buffer.from([0x81, 2, 0x48, 0x69]), 'the echo');
  socket.destroy();
  ok('messages right behind the handshake, from both sides');
}

function connect(path, protocol, behind) {
  const socket = net.connect({ host: proxy.split(':')[0], port: Number(proxy.split(':')[1]), allowHalfOpen: true });
  const fields = ['Connection: Upgrade', `Upgrade: ${protocol}`, 'Sec-WebSocket-Version: 13'];
  const lines = [`GET ${path} HTTP/1.1`, 'Host: x', ...fields, 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='];
  socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), behind]));
  return socket;
}

// The head, and what follows: `count` bytes, or all there is.
async function answer(socket, count = Infinity) {
  let got = Buffer.alloc(0);
  const read = async () => {
    const iterator = socket.iterator({ destroyOnReturn: false });
    for await (const part of iterator) {
      got = Buffer.concat([got, part]);
      const end = got.indexOf('\r\n\r\n');
      if (end >= 0 && got.length >= end + 4 + count) break;
    }
  };
  await within(read(), `an answer; got ${got}`);
  const end = got.indexOf('\r\n\r\n');
  return [got.subarray(0, end).toString(), got.subarray(end + 4)];
}

async function halves() {
  const first = connect('/half', 'halves', Buffer.alloc(100_000));
  first.end(Buffer.alloc(23));
  const [, rest] = await answer(first);
  equal(rest.toString(), '100023 bytes', 'said after the client had ended its side');

  const id = fresh();
  const second = connect(`/half?first=server&id=${id}`, 'halves', Buffer.alloc(0));
  equal((await answer(second))[1].toString(), 'done', 'said before the server ended its side');
  second.end(Buffer.alloc(50_000));
  equal(await seen(id), 50_000, 'read after the server had ended its side');
  ok('half-closed connections, either side first');
}

async function exit() {
  const client = await Client.open('/exit');
  client.socket.send('now');
  equal(await client.ended(), [1006, ''], 'the end of the server');
  const late = new Client('/echo');
  const [, response] = await within(once(late.socket, 'unexpected-response'), 'no server');
  equal(response.statusCode, 502, 'after the end of the server');
  ok('the end of the server: 1006, then 502');
}

run(async () => {
  await messages();
  await large();
  await pings();
  await closures();
  await drops();
  await refusals();
  await negotiation();
  await early();
  if (server === 'ws') await halves();
  await exit();
});
