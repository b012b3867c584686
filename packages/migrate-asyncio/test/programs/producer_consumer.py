"""A consumer that never ends by itself is cancelled once everything arrived."""

import asyncio


async def main():
    queue = asyncio.Queue()
    arrived = asyncio.Event()
    log = []

    async def consume(wanted):
        while True:
            log.append(await queue.get())
            if len(log) == wanted:
                arrived.set()

    async def produce(name, count):
        for number in range(count):
            await queue.put(f"{name}{number}")
            await asyncio.sleep(0)

    consumer = asyncio.create_task(consume(6), name="consumer")
    await asyncio.gather(produce("a", 4), produce("b", 2))
    await arrived.wait()
    consumer.cancel()
    try:
        await consumer
    except asyncio.CancelledError:
        pass
    print(sorted(log))
    queue.put_nowait("late")
    await asyncio.sleep(0.01)
    print(len(log), queue.get_nowait())


if __name__ == "__main__":
    asyncio.run(main())
