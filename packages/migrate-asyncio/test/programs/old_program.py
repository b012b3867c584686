"""A program from before asyncio.run: it makes its loop, runs it once and closes it."""

import asyncio


async def count(name, upto):
    loop = asyncio.get_event_loop()
    start = loop.time()
    total = 0
    for number in range(upto):
        total += number
        await asyncio.sleep(0)
    return name, total, loop.time() >= start


def run(name, upto):
    loop = asyncio.new_event_loop()
    try:
        result = loop.run_until_complete(count(name, upto=upto))
    finally:
        loop.close()
    return result


if __name__ == "__main__":
    print(run("first", 4))
    print(run("second", 5))
