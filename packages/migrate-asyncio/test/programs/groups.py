"""Nested groups; the inner one ends first."""

import asyncio
import functools


async def say(word, *, after=0.0):
    await asyncio.sleep(after)
    print(word)


async def main():
    async with asyncio.TaskGroup() as outer:
        outer.create_task(say("last", after=0.06))
        async with asyncio.TaskGroup() as inner:
            inner.create_task(say("second", after=0.03))
            inner.create_task(say("first"), name="first")
        print("inner done", functools.reduce(max, [1, 2]))
    print("outer done")


if __name__ == "__main__":
    asyncio.run(main())
