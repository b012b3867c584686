"""Questions about functions, and text that only looks like asyncio."""

import asyncio


async def coroutine():
    """Uses asyncio.sleep in words only."""
    await asyncio.sleep(0)  # asyncio.sleep(1) is not run


def plain():
    return "asyncio is a word here"


async def main():
    asyncio_like = {"sleep": plain}
    made = coroutine()
    print(asyncio.iscoroutine(made), asyncio.iscoroutine(1))
    await made
    print(asyncio.iscoroutinefunction(coroutine), asyncio.iscoroutinefunction(plain))
    print(asyncio_like["sleep"]())


if __name__ == "__main__":
    asyncio.run(main())
