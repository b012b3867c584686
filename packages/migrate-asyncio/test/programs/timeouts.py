"""A call that is in time and one that is not."""

import asyncio


async def answer(pause):
    await asyncio.sleep(pause)
    return 42


async def main(limit):
    print(await asyncio.wait_for(answer(0), timeout=limit))
    try:
        late = await asyncio.wait_for(answer(5), limit)
        print(late)
    except asyncio.TimeoutError:
        print("too late")
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(5)
    except TimeoutError:
        print("too late again")


if __name__ == "__main__":
    asyncio.run(main(0.05))
