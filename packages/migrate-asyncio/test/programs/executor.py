"""Blocking work in threads, beside the event loop."""

import asyncio
import threading


def block(release, result):
    release.wait()
    result.append(threading.current_thread() is threading.main_thread())


async def main():
    loop = asyncio.get_running_loop()
    result = []
    turns = 0
    release = threading.Event()
    running = loop.run_in_executor(None, block, release, result)
    while not result:
        await asyncio.sleep(0.005)
        turns += 1
        if turns == 3:
            release.set()
    await running
    print("turns beside the thread:", turns > 2, result)
    print(await loop.run_in_executor(None, sorted, [3, 1, 2]))
    print(await asyncio.to_thread(sorted, [3, 1, 2], reverse=True))
    await asyncio.gather(asyncio.to_thread(block, release, result), asyncio.to_thread(block, release, result))
    print(result)


if __name__ == "__main__":
    asyncio.run(main())
