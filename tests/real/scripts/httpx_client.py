"""`httpx` through the proxy, to http_origin.js: httpx_client.py HOST:PORT"""

import asyncio
import hashlib
import sys

import httpx

from check import DEADLINE, Failed, equal, ok, run

PROXY = f"http://{sys.argv[1]}"
MIB = 1024 * 1024
ALPHABET = b"abcdefghijklmnopqrstuvwxyz"


def letters(count):
    return (ALPHABET * (count // 26 + 1))[:count]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


async def parts(content, size):
    """A body without a length."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def simple(client):
    report = (await client.get("/path", params={"q": "ü 1"})).json()
    equal((report["method"], report["url"]), ("GET", "/path?q=%C3%BC+1"), "GET")
    report = (await client.post("/json", json={"a": [1]})).json()
    equal((report["method"], report["length"]), ("POST", 9), "POST")
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        report = (await client.request(method, "/x", content=b"body")).json()
        equal((report["method"], report["length"]), (method, 4), method)
    response = await client.head("/bytes?n=77")
    equal((response.content, response.headers["content-length"]), (b"", "77"), "HEAD")
    response = await client.get("/gzip")
    equal(response.content, letters(100_000), "a zipped body")
    response = await client.get("/redirect")
    equal(response.status_code, 302, "a redirect")
    files = {"file": ("a.bin", letters(100_000))}
    report = (await client.post("/form", data={"a": "b"}, files=files)).json()
    kind = report["headers"]["content-type"].split(";")[0]
    equal((kind, report["length"] > 100_000), ("multipart/form-data", True), "a form with a file")
    ok("GET, POST, HEAD and others, zipped, redirect, form")


async def streams(client):
    content = letters(3 * MIB)
    report = (await client.post("/up", content=parts(content, 50_000))).json()
    equal(report["headers"].get("transfer-encoding"), "chunked", "an upload without a length")
    equal((report["length"], report["sha256"]), (len(content), sha256(content)), "its content")

    async with client.stream("GET", f"/chunked?n={3 * MIB}") as response:
        equal(response.headers.get("transfer-encoding"), "chunked", "a download without a length")
        got = b"".join([part async for part in response.aiter_raw()])
    equal(sha256(got), sha256(content), "its content")

    response = await client.post("/mirror", content=parts(letters(200_000), 10_000))
    equal(response.content, letters(200_000), "a mirrored body")

    for path in ("/cut", "/cut?length"):
        try:
            await client.get(path)
        except httpx.RemoteProtocolError:
            continue
        raise Failed(f"a response that broke off ({path}) looks whole")
    ok("streams up and down, mirrored, cut")


async def large(client):
    content = letters(64 * MIB)
    report = (await client.put("/up", content=content)).json()
    equal((report["length"], report["sha256"]), (len(content), sha256(content)), "an upload")
    response = await client.get(f"/bytes?n={len(content)}")
    equal(sha256(response.content), sha256(content), "a download")
    ok("64 MiB up and down")


async def keep_alive():
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(base_url=PROXY, limits=limits, trust_env=False) as client:
        ports = set()
        for number in range(100):
            response = await client.post("/x", content=letters(number))
            equal(response.json()["length"], number, "a request of many")
            stream = response.extensions["network_stream"]
            ports.add(stream.get_extra_info("client_addr")[1])
        equal(len(ports), 1, "connections for 100 requests")
    ok("100 requests on one connection")


async def timeouts(client):
    for _ in range(3):
        try:
            await client.get("/silent", timeout=0.3)
        except httpx.ReadTimeout:
            continue
        raise Failed("an answer came from where there is none")
    # The origin saw each of them leave.
    equal((await client.get("/abandoned?of=3")).text, "3", "requests that were given up")
    equal((await client.get("/bytes?n=3")).content, b"abc", "a request after them")
    ok("timeouts of the client reach the origin")


async def crowd(client):
    async def one(number):
        content = letters(number * 1000)
        report = (await client.post(f"/{number}", content=content)).json()
        equal((report["url"], report["sha256"]), (f"/{number}", sha256(content)), "one of many")
        response = await client.get(f"/chunked?n={number}")
        equal(response.content, letters(number), "another of many")

    for _ in range(4):
        await asyncio.gather(*[one(number) for number in range(50)])
    ok("50 at a time")


async def main():
    options = {"base_url": PROXY, "trust_env": False, "timeout": DEADLINE}
    async with httpx.AsyncClient(**options) as client:
        await simple(client)
        await streams(client)
        await large(client)
        await keep_alive()
        await timeouts(client)
        await crowd(client)


run(main())
