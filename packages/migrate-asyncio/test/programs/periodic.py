"""A task that ticks beside the work and is cancelled when the work is done."""

import asyncio
from contextlib import suppress


class Heart:
    def __init__(self):
        self.beats = 0

    async def beat(self, seconds):
        while True:
            self.beats += 1
            await asyncio.sleep(seconds)


async def work():
    loop = asyncio.get_running_loop()
    start = loop.time()
    await asyncio.sleep(0.05)
    return loop.time() - start >= 0.045


async def main():
    print("stopped twice", [await run_beside(0.005), await run_beside(0.01)])


async def run_beside(seconds):
    heart = Heart()
    ticker = asyncio.create_task(heart.beat(seconds))
    done = await work()
    ticker.cancel()
    with suppress(asyncio.CancelledError):
        await ticker
    beats = heart.beats
    await asyncio.sleep(seconds * 3)
    return done, beats >= 2, heart.beats == beats


if __name__ == "__main__":
    asyncio.run(main())
