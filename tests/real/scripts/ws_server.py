"""A WebSocket origin on `websockets`. The path says what it does; `id` in the query is what its end is asked for by."""

import asyncio
import json
import os
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

ENDS = {}


def end_of(name):
    """How a connection came to its end, once it has."""
    return ENDS.setdefault(name, asyncio.get_running_loop().create_future())


async def echo(socket, _):
    async for message in socket:
        await socket.send(message)


async def ping(socket, _):
    for payload in (b"", b"one", b"\x00\xff" * 62):
        await (await socket.ping(payload))
    await socket.send("3 pongs")


async def greet(socket, _):
    await socket.send("hello")
    await socket.send("again")
    await echo(socket, _)


async def close(socket, asked):
    await socket.close(int(asked["code"]), asked.get("reason", ""))


async def drop(socket, _):
    await socket.recv()
    socket.transport.abort()


async def leave(socket, _):
    await socket.recv()
    os._exit(1)


async def closed(socket, asked):
    await socket.send(json.dumps(await end_of(asked["of"])))


ROUTES = {
    "/echo": echo,
    "/ping": ping,
    "/greet": greet,
    "/close": close,
    "/drop": drop,
    "/exit": leave,
    "/closed": closed,
}


def asked_of(request):
    url = urlsplit(request.path)
    return url.path, dict(parse_qsl(url.query))


async def handle(socket):
    path, asked = asked_of(socket.request)
    try:
        await ROUTES[path](socket, asked)
    except ConnectionClosed:
        pass
    finally:
        await socket.close()
        if "id" in asked:
            end_of(asked["id"]).set_result([socket.close_code, socket.close_reason])


def admit(socket, request):
    path, asked = asked_of(request)
    if asked.get("deflate") == "no":
        del request.headers["Sec-WebSocket-Extensions"]
    if path != "/refuse":
        return None
    response = socket.respond(HTTPStatus(int(asked["status"])), "not you\n")
    response.headers["WWW-Authenticate"] = 'Basic realm="x"'
    response.headers["X-Refused"] = "yes"
    if asked["status"] == "426":
        response.headers["Upgrade"] = "websocket"
    return response


def choose(_, offered):
    return "chat.v2" if "chat.v2" in offered else None


async def main():
    server = await serve(
        handle,
        "127.0.0.1",
        0,
        process_request=admit,
        select_subprotocol=choose,
        max_size=64 * 1024 * 1024,
        ping_interval=None,
        backlog=1024,
    )
    host, port = server.sockets[0].getsockname()
    print(f"listening on {host}:{port}", flush=True)
    await server.serve_forever()


asyncio.run(main())
