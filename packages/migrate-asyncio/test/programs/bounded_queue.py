"""A producer and a consumer in one function, over a bounded queue."""

import asyncio


async def main():
    queue = asyncio.Queue(2)

    async def produce():
        for number in range(5):
            await queue.put(number)
        await queue.put(None)

    async def consume():
        total = 0
        while True:
            number = await queue.get()
            if number is None:
                break
            total += number
        print(total)

    await asyncio.gather(produce(), consume())


if __name__ == "__main__":
    asyncio.run(main())
