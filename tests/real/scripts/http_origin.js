// An HTTP/1.1 origin on Node's own server; the path says what it does, and any other path is reported.
'use strict';

const { createHash } = require('node:crypto');
const { EventEmitter, once } = require('node:events');
const http = require('node:http');
const { pipeline } = require('node:stream/promises');
const { gzipSync } = require('node:zlib');

// What every large body is made of: the alphabet again and again.
function letters(count) {
  return Buffer.alloc(count, 'abcdefghijklmnopqrstuvwxyz');
}

const left = new EventEmitter();
let abandoned = 0;

// What the request was like, its body read to the end.
async function report(request, response) {
  const hash = createHash('sha256');
  let length = 0;
  for await (const part of request) {
    length += part.length;
    hash.update(part);
  }
  const { method, url, headers, trailers, httpVersion } = request;
  const sha256 = hash.digest('hex');
  const { remotePort: connection } = request.socket;
  const told = { method, url, httpVersion, headers, trailers, length, sha256, connection };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(told));
}

// Bytes of the alphabet by the query: `n`, or the part that Range asks for.
function bytes(request, response, asked) {
  const all = letters(Number(asked.get('n')));
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  response.setHeader('accept-ranges', 'bytes');
  if (range === null) {
    response.setHeader('content-length', all.length);
    return response.end(all);
  }
  const [first, last] = range.slice(1).map(Number);
  response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${all.length}` });
  return response.end(all.subarray(first, last + 1));
}

// The same without a length.
async function chunked(_, response, asked) {
  response.flushHeaders();
  for (let rest = Number(asked.get('n')); rest > 0; rest -= 26_000) {
    if (!response.write(letters(Math.min(rest, 26_000)))) await once(response, 'drain');
  }
  response.end();
}

function trailers(_, response) {
  response.writeHead(200, { trailer: 'x-sum', 'x-head': 'yes' });
  response.write('with ');
  response.write('trailers\n');
  response.addTrailers({ 'x-sum': '14' });
  response.end();
}

// Two interim responses, written past Node's server.
function early(request, response) {
  request.socket.write('HTTP/1.1 102 Processing\r\n\r\n');
  request.socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Hint: one\r\n\r\n');
  response.end('late\n');
}

function zipped(_, response) {
  response.writeHead(200, { 'content-encoding': 'gzip', vary: 'accept-encoding', etag: 'W/"z"' });
  response.end(gzipSync(letters(100_000)));
}

// A response that breaks off, in either framing.
function cut(_, response, asked) {
  if (asked.has('length')) response.setHeader('content-length', 200_000);
  response.write(letters(100_000), () => response.destroy());
}

// Never answers; remembers that it was left.
function silent(request) {
  request.socket.on('close', () => {
    abandoned += 1;
    left.emit('one');
  });
}

async function count(_, response, asked) {
  while (abandoned < Number(asked.get('of'))) await once(left, 'one');
  response.end(String(abandoned));
}

const ROUTES = {
  '/bytes': bytes,
  '/chunked': chunked,
  '/trailers': trailers,
  '/early': early,
  '/gzip': zipped,
  '/cut': cut,
  '/silent': silent,
  '/abandoned': count,
  '/mirror': (request, response) => {
    response.flushHeaders();
    return pipeline(request, response);
  },
  '/redirect': (_, response) => response.writeHead(302, { location: 'http://elsewhere.invalid/x?y' }).end(),
  '/nothing': (_, response) => response.writeHead(204).end(),
  '/delay': (_, response, asked) => setTimeout(() => response.end('late'), Number(asked.get('ms'))),
};

const server = http.createServer(async (request, response) => {
  const [path, query] = request.url.split('?');
  const route = ROUTES[path] ?? report;
  try {
    await route(request, response, new URLSearchParams(query));
  } catch {
    response.destroy();
  }
});
server.on('checkContinue', (request, response) => {
  if (request.url === '/no-upload') {
    response.writeHead(413, { connection: 'close', 'content-length': 4 });
    return response.end('big\n');
  }
  response.writeContinue();
  return server.emit('request', request, response);
});
// In milliseconds: longer than any script runs.
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', 1024, () => {
  const { address, port } = server.address();
  console.log(`listening on ${address}:${port}`);
});
