"""The loop's clock, and a task that the next line awaits."""

import asyncio
from asyncio import sleep


async def nap(pause):
    await sleep(pause)
    return "rested"


async def main():
    start = asyncio.get_running_loop().time()
    task = asyncio.create_task(nap(0.05))
    mood = await task
    print(mood)
    result = await asyncio.sleep(0, "value")
    passed = asyncio.get_event_loop().time() - start
    print(result, 0.04 < passed < 60)


if __name__ == "__main__":
    asyncio.run(main())
