"""What the Python scripts have in common: they say what they checked, and end with the first failure."""

import asyncio
import sys

# In seconds; far more than any wait that will be met.
PATIENCE = 20
# For a whole script.
DEADLINE = 100


class Failed(Exception):
    """Something was not as it should be."""


def ok(what):
    print("ok", what, flush=True)


def equal(got, expected, what):
    """Fails unless both are the same."""
    if got != expected:
        raise Failed(f"{what}: {shown(got)} in place of {shown(expected)}")


def shown(value):
    text = repr(value)
    return text if len(text) < 300 else f"{text[:300]}... ({len(value)} long)"


async def within(awaitable):
    """Waits, but not for ever."""
    async with asyncio.timeout(PATIENCE):
        return await awaitable


def run(main):
    """Runs a script; its exit code tells."""

    async def timed():
        async with asyncio.timeout(DEADLINE):
            await main

    try:
        asyncio.run(timed())
    except Failed as failed:
        sys.exit(f"FAILED {failed}")
