"""Two workers in a gather, whose order is given by their pauses."""

import asyncio


async def worker(name, pause):
    for step in range(2):
        await asyncio.sleep(pause)
        print(name, step)


async def main():
    await asyncio.gather(worker("slow", 0.3), worker("fast", 0.05))
    print("done")


if __name__ == "__main__":
    asyncio.run(main())
