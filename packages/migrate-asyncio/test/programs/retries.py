"""Calls with a time limit, tried again with a growing one."""

import asyncio


class Service:
    def __init__(self, *delays):
        self.delays = list(delays)
        self.cut = 0

    async def ask(self):
        try:
            await asyncio.sleep(self.delays.pop(0))
        except asyncio.CancelledError:
            self.cut += 1
            raise
        return f"answer after {self.cut} tries"


async def patient(service, limit):
    for attempt in range(3):
        try:
            return await asyncio.wait_for(service.ask(), limit)
        except asyncio.TimeoutError:
            print("too late", attempt)
            limit *= 2
            await asyncio.sleep(0)
    return None


async def main():
    print(await patient(Service(0), 0.02))
    print(await patient(Service(5, 0), 0.02))
    print(await patient(Service(5, 5, 5), 0.01))
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(5)
    except TimeoutError:
        print("over")


if __name__ == "__main__":
    asyncio.run(main())
