"""A class that lets only so many calls run at a time, and counts them."""

import asyncio


class Limiter:
    def __init__(self, most):
        self._slots = asyncio.Semaphore(most)
        self._lock = asyncio.Lock()
        self.running = 0
        self.peak = 0
        self.calls = 0

    async def call(self, seconds):
        async with self._slots:
            async with self._lock:
                self.running += 1
                self.calls += 1
                self.peak = max(self.peak, self.running)
            await asyncio.sleep(seconds)
            async with self._lock:
                self.running -= 1


async def main():
    limiter = Limiter(3)
    await asyncio.gather(*(limiter.call(0.01) for _ in range(8)))
    print(limiter.peak, limiter.calls, limiter.running)
    await asyncio.gather(limiter.call(0), limiter.call(0))
    print(limiter.peak, limiter.calls)


if __name__ == "__main__":
    asyncio.run(main())
