"""`websockets` through the proxy: ws_client.py HOST:PORT NAME-OF-THE-SERVER"""

import asyncio
import json
import os
import sys
from urllib.parse import quote

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from check import equal, ok, run, within

PROXY, SERVER = sys.argv[1:]
MIB = 1024 * 1024
IDS = iter(range(1_000_000))


def open_(path, **options):
    """A connection; one that pings nothing by itself."""
    options = {"max_size": 64 * MIB, "ping_interval": None, "proxy": None, **options}
    return connect(f"ws://{PROXY}{path}", **options)


def fresh():
    return f"py-{os.getpid()}-{next(IDS)}"


async def echo(socket, sent, what):
    await socket.send(sent)
    equal(await within(socket.recv()), sent, what)


async def ended(socket):
    """How the client saw a connection end."""
    await within(socket.wait_closed())
    return [socket.close_code, socket.close_reason or ""]


async def seen(name):
    """How the server saw it."""
    async with open_(f"/closed?of={name}") as socket:
        return json.loads(await within(socket.recv()))


async def messages():
    async with open_("/echo") as socket:
        for text in ("", "one", "zwölf ✓ 🦀", "x" * 70_000):
            await echo(socket, text, "text")
        for size in (0, 1, 125, 126, 65_535, 65_536):
            await echo(socket, os.urandom(size), f"{size} bytes")
        for number in range(200):
            await socket.send(f"message {number}")
        for number in range(200):
            equal(await within(socket.recv()), f"message {number}", "their order")
        await socket.send([b"in ", b"three ", b"fragments"])
        equal(await within(socket.recv()), b"in three fragments", "fragments")
    equal(await ended(socket), [1000, ""], "the end")
    ok(f"text, binary, fragments, and 200 in order, from {SERVER}")


async def large():
    rows = (("deflate", "/echo", 1), ("deflate", "/echo?deflate=no", 0), (None, "/echo", 0))
    for compression, path, extensions in rows:
        async with open_(path, compression=compression) as socket:
            equal(len(socket.protocol.extensions), extensions, "extensions")
            await echo(socket, os.urandom(8 * MIB) + b"dial" * (2 * MIB), "16 MiB")
            await echo(socket, "ü" * (8 * MIB), "16 MiB of text")
        ok(f"16 MiB both ways, {extensions} extensions")


async def pings():
    async with open_("/echo") as socket:
        for payload in (b"", b"are you there", os.urandom(125)):
            await within(await socket.ping(payload))
    async with open_("/ping") as socket:
        equal(await within(socket.recv()), "3 pongs", "pings of the server")
    ok("ping and pong, from both sides")


async def closures():
    rows = (
        (1000, ""),
        (1000, "done"),
        (1001, "gone"),
        (1011, "sorry"),
        (3000, "ümläut"),
        (3999, ""),
        (4000, "r" * 123),
        (4999, "last"),
    )
    for code, reason in rows:
        name = fresh()
        socket = await open_(f"/echo?id={name}")
        await within(socket.close(code, reason))
        equal(await ended(socket), [code, reason], f"closed by the client with {code}")
        equal(await seen(name), [code, reason], f"the server's view of {code}")

        socket = await open_(f"/close?code={code}&reason={quote(reason)}")
        equal(await ended(socket), [code, reason], f"closed by the server with {code}")
    ok("close codes and reasons, from both sides")


async def drops():
    socket = await open_("/drop")
    await socket.send("now")
    equal(await ended(socket), [1006, ""], "dropped by the server")
    name = fresh()
    socket = await open_(f"/echo?id={name}")
    await echo(socket, "once", "a message before the end")
    socket.transport.abort()
    equal((await seen(name))[0], 1006, "dropped by the client")
    ok("dropped connections are 1006 to the other side")


async def refused(path):
    """The response in place of a 101."""
    try:
        await open_(path)
    except InvalidStatus as refusal:
        return refusal.response
    return None


async def refusals():
    for status in (401, 403, 426):
        response = await refused(f"/refuse?status={status}")
        equal((response.status_code, response.body), (status, b"not you\n"), "refusal")
        equal(response.headers["X-Refused"], "yes", "a field of the refusal")
        equal(response.headers["WWW-Authenticate"], 'Basic realm="x"', "another")
        upgrade = "websocket" if status == 426 else None
        equal(response.headers.get("Upgrade"), upgrade, "what a 426 asks for")
    ok("401, 403 and 426 as the server sent them")


async def negotiation():
    rows = ((["chat.v1", "chat.v2"], "chat.v2"), (["chat.v2"], "chat.v2"), (None, None))
    for offered, chosen in rows:
        async with open_("/echo", subprotocols=offered) as socket:
            equal(socket.subprotocol, chosen, f"of {offered}")
    ok("subprotocols")


async def raw(path, protocol, behind):
    """A connection on which more than the handshake is sent at once, and the head of its answer."""
    reader, writer = await asyncio.open_connection(*PROXY.split(":"))
    head = (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    writer.write(head.encode() + behind)
    head = await within(reader.readuntil(b"\r\n\r\n"))
    equal(head.split(b"\r\n")[0], b"HTTP/1.1 101 Switching Protocols", "the head")
    return reader, writer


async def early():
    async with open_("/greet") as socket:
        got = [await within(socket.recv()), await within(socket.recv())]
        equal(got, ["hello", "again"], "behind the 101")
    # A masked text message in the segment of the handshake.
    reader, writer = await raw("/echo", "websocket", b"\x81\x82\0\0\0\0Hi")
    equal(await within(reader.readexactly(4)), b"\x81\x02Hi", "the echo")
    writer.transport.abort()
    ok("messages right behind the handshake, from both sides")


async def halves():
    reader, writer = await raw("/half", "halves", bytes(100_000))
    writer.write(bytes(23))
    writer.write_eof()
    said = await within(reader.read())
    equal(said, b"100023 bytes", "said after the client had ended its side")
    writer.close()

    name = fresh()
    reader, writer = await raw(f"/half?first=server&id={name}", "halves", b"")
    equal(await within(reader.read()), b"done", "said before the server ended its side")
    writer.write(bytes(50_000))
    writer.write_eof()
    equal(await seen(name), 50_000, "read after the server had ended its side")
    writer.close()
    ok("half-closed connections, either side first")


async def leave():
    socket = await open_("/exit")
    await socket.send("now")
    equal(await ended(socket), [1006, ""], "the end of the server")
    response = await refused("/echo")
    equal(response.status_code, 502, "after the end of the server")
    ok("the end of the server: 1006, then 502")


async def main():
    await messages()
    await large()
    await pings()
    await closures()
    await drops()
    await refusals()
    await negotiation()
    await early()
    if SERVER == "ws":
        await halves()
    await leave()


run(main())
