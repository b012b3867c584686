"""Stages joined by bounded queues; None is the end."""

import asyncio


async def main():
    raw = asyncio.Queue(maxsize=2)
    parsed = asyncio.Queue(2)
    result = []

    async def read():
        for number in range(6):
            await raw.put(str(number))
        await raw.put(None)

    async def parse():
        while (text := await raw.get()) is not None:
            await asyncio.sleep(0.001)
            await parsed.put(int(text))
        await parsed.put(None)

    async def store():
        while True:
            number = await parsed.get()
            if number is None:
                break
            result.append(number * number)

    async with asyncio.TaskGroup() as stages:
        stages.create_task(read())
        stages.create_task(parse())
        stages.create_task(store())
    print(result, sum(result))


if __name__ == "__main__":
    asyncio.run(main())
