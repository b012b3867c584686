"""A counter behind a lock in an attribute."""

import asyncio as aio


class Counter:
    def __init__(self):
        self._lock = aio.Lock()
        self.value = 0

    async def add(self):
        async with self._lock:
            before = self.value
            await aio.sleep(0.001)
            self.value = before + 1


async def main():
    counter = Counter()
    async with aio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(counter.add())
    print(counter.value)


if __name__ == "__main__":
    aio.run(main())
