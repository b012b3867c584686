"""Sleeping in comprehensions, f-strings and on shared lines."""

import asyncio


async def value(x):
    await asyncio.sleep(0.001); return x * 2


async def main():
    print([await value(x) for x in range(3)])
    print(f"{await value(21)} {await asyncio.sleep(0)}")
    if await value(1): await asyncio.sleep(0)
    async with asyncio.timeout(None):
        print({x: await value(x) for x in "ab"})


if __name__ == "__main__":
    asyncio.run(main())
