"""Subscribers wait for topics, which a publisher opens one by one."""

import asyncio


async def main():
    sport, weather = [], []
    inbox = []
    opened = asyncio.Event()
    closed = asyncio.Event()

    async def subscribe(name, topic):
        await opened.wait()
        inbox.append((name, list(topic)))
        await closed.wait()
        inbox.append((name, len(topic)))

    first = asyncio.create_task(subscribe("sport", sport))
    second = asyncio.create_task(subscribe("weather", weather))
    await asyncio.sleep(0.01)
    print("before", inbox, opened.is_set())
    weather.append("rain")
    opened.set()
    await asyncio.sleep(0.01)
    print("then", sorted(inbox))
    sport.extend(["3:2", "1:0"])
    closed.set()
    await asyncio.gather(first, second)
    print("after", sorted(inbox, key=str))


if __name__ == "__main__":
    asyncio.run(main())
