"""One task waits for another's event."""

import asyncio


async def main():
    ready = asyncio.Event()

    async def waiter():
        print("waiting", ready.is_set())
        await ready.wait()
        print("ready", ready.is_set())

    async def setter():
        await asyncio.sleep(0.02)
        print("setting")
        ready.set()

    await asyncio.gather(waiter(), setter())


if __name__ == "__main__":
    asyncio.run(main())
