"""At most two at a time."""

import asyncio


async def job(limit, running, most):
    async with limit:
        running.append(1)
        most.append(len(running))
        await asyncio.sleep(0.01)
        running.pop()


async def main():
    limit = asyncio.Semaphore(2)
    bounded = asyncio.BoundedSemaphore(1)
    running, most = [], []
    async with asyncio.TaskGroup() as tg:
        for _ in range(6):
            tg.create_task(job(limit, running, most))
    async with bounded:
        print(bounded.locked(), limit.locked())
    print(max(most))


if __name__ == "__main__":
    asyncio.run(main())
