// Many connections that exchange messages steadily: ws_crowd.js HOST:PORT CONNECTIONS SECONDS
'use strict';

const { once } = require('node:events');
const WebSocket = require('ws');
const { ok, equal, within, run } = require('./check.js');

const [proxy, ...numbers] = process.argv.slice(2);
const [connections, seconds] = numbers.map(Number);
// How many open at a time, and how often each sends, in milliseconds.
const OPENING = 50;
const EVERY = 500;

let messages = 0;

class Member {
  constructor(number) {
    this.number = number;
    this.sent = 0;
    this.received = 0;
    this.socket = new WebSocket(`ws://${proxy}/echo`, { perMessageDeflate: false });
    this.opened = once(this.socket, 'open');
    this.end = once(this.socket, 'close');
    this.failed = new Promise((_, reject) => {
      this.socket.on('error', reject);
      this.socket.on('message', (data) => {
        if (data.toString() !== this.text(this.received)) reject(new Error(`${this.text(this.received)}: ${data}`));
        this.received += 1;
        messages += 1;
        this.socket.emit('echoed');
      });
      this.socket.on('close', (code) => {
        if (code !== 1000) reject(new Error(`connection ${number} ended with ${code}`));
      });
    });
    this.failed.catch(() => {});
  }

  text(count) {
    return `${count} of ${this.number} ${'-'.repeat(this.number % 300)}`;
  }

  begin() {
    const send = () => {
      this.socket.send(this.text(this.sent));
      this.sent += 1;
    };
    // Spread, so that they do not all send at once.
    this.start = setTimeout(() => {
      send();
      this.timer = setInterval(send, EVERY);
    }, Math.random() * EVERY);
  }

  // Until every message has come back.
  async settle() {
    clearTimeout(this.start);
    clearInterval(this.timer);
    while (this.received < this.sent) await Promise.race([once(this.socket, 'echoed'), this.failed]);
  }

  async close() {
    this.socket.close(1000);
    equal((await this.end)[0], 1000, `the end of ${this.number}`);
  }
}

run(async () => {
  const all = [];
  while (all.length < connections) {
    const wave = Array.from({ length: Math.min(OPENING, connections - all.length) }, (_, i) => new Member(all.length + i));
    await within(Promise.all(wave.map((member) => Promise.race([member.opened, member.failed]))), 'opening');
    all.push(...wave);
  }
  ok(`${connections} connections`);
  const failed = Promise.race(all.map((member) => member.failed));
  all.forEach((member) => member.begin());
  const over = new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  await Promise.race([over, failed]);
  await within(Promise.all(all.map((member) => member.settle())), 'the last echoes');
  equal(all.reduce((sum, member) => sum + member.sent, 0), messages, 'echoes');
  ok(`${messages} messages in ${seconds} s, no error`);
  await within(Promise.all(all.map((member) => member.close())), 'closing');
  ok('all closed with 1000');
}, seconds * 1000 + 100_000);
