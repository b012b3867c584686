"""Nested groups; the inner one ends first."""

import asyncio
import functools


async def say(word, *, after=0.0):
    await asyncio.sleep(after)
    print(word)


async def main():
    inner_ended = asyncio.Event()

    async def say_last():
        await inner_ended.wait()
        await say("last")

    async with asyncio.TaskGroup() as outer:
        outer.create_task(say_last())
        async with asyncio.TaskGroup() as inner:
            inner.create_task(say("second", after=0.03))
            inner.create_task(say("first"), name="first")
        print("inner done", functools.reduce(max, [1, 2]))
        inner_ended.set()
    print("outer done")


if __name__ == "__main__":
    asyncio.run(main())
