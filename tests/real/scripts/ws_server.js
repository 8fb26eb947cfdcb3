// A WebSocket origin on `ws`. The path says what it does; `id` in the query is what its end is asked for by.
'use strict';

const { EventEmitter, once } = require('node:events');
const http = require('node:http');
const { WebSocketServer } = require('ws');

const options = {
  noServer: true,
  maxPayload: 64 * 1024 * 1024,
  handleProtocols: (offered) => (offered.has('chat.v2') ? 'chat.v2' : false),
};
const deflating = new WebSocketServer({ ...options, perMessageDeflate: true });
const plain = new WebSocketServer({ ...options, perMessageDeflate: false });

const ends = new Map();
const ended = new EventEmitter().setMaxListeners(0);

function end(id, how) {
  if (id === null) return;
  ends.set(id, how);
  ended.emit(id);
}

const ROUTES = {
  '/echo': (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })),
  '/ping': async (socket) => {
    for (const payload of [Buffer.alloc(0), Buffer.from('one'), Buffer.alloc(124, '\x00\xff', 'latin1')]) {
      const pong = once(socket, 'pong');
      socket.ping(payload);
      const [back] = await pong;
      if (!back.equals(payload)) return socket.close(4400, 'another pong');
    }
    socket.send('3 pongs');
  },
  '/greet': (socket) => {
    socket.send('hello');
    socket.send('again');
    ROUTES['/echo'](socket);
  },
  '/close': (socket, asked) => socket.close(Number(asked.get('code')), asked.get('reason') ?? ''),
  '/drop': (socket) => socket.on('message', () => socket.terminate()),
  '/exit': (socket) => socket.on('message', () => process.exit(1)),
  '/closed': async (socket, asked) => {
    const id = asked.get('of');
    if (!ends.has(id)) await once(ended, id);
    socket.send(JSON.stringify(ends.get(id)));
  },
};

function refuse(socket, status) {
  const fields = ['WWW-Authenticate: Basic realm="x"', 'X-Refused: yes', 'Content-Length: 8', 'Connection: close'];
  if (status === '426') fields.push('Upgrade: websocket');
  socket.end([`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`, ...fields, '', 'not you\n'].join('\r\n'));
}

// A protocol of our own, whose sides may end one after the other.
function half(socket, asked) {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: halves\r\n\r\n');
  let count = 0;
  socket.on('data', (data) => (count += data.length));
  if (asked.get('first') === 'server') {
    socket.end('done');
    socket.on('end', () => end(asked.get('id'), count));
  } else {
    socket.on('end', () => socket.end(`${count} bytes`));
  }
}

const server = http.createServer((_, response) => {
  response.writeHead(426, { 'content-type': 'text/plain' });
  response.end('a WebSocket is served here\n');
});
server.on('upgrade', (request, socket, head) => {
  const { pathname, searchParams: asked } = new URL(request.url, 'http://origin');
  socket.on('error', () => {});
  if (pathname === '/refuse') return refuse(socket, asked.get('status'));
  if (pathname === '/half') return half(socket, asked);
  const sockets = asked.get('deflate') === 'no' ? plain : deflating;
  sockets.handleUpgrade(request, socket, head, (socket) => {
    socket.on('error', () => {});
    socket.on('close', (code, reason) => end(asked.get('id'), [code, reason.toString()]));
    ROUTES[pathname](socket, asked);
  });
});
server.listen(0, '127.0.0.1', 1024, () => {
  const { address, port } = server.address();
  console.log(`listening on ${address}:${port}`);
});
