"""Two workers in a gather, whose order is given by their pauses."""

import asyncio


async def worker(name, pause, steps):
    for step in range(steps):
        await asyncio.sleep(pause)
        print(name, step)


async def main():
    await asyncio.gather(worker("slow", 1.5, 1), worker("fast", 0.05, 2))
    print("done")


if __name__ == "__main__":
    asyncio.run(main())
