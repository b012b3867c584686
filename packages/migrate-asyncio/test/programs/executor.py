"""Blocking work in threads, beside the event loop."""

import asyncio
import threading
import time


def block(seconds, result):
    time.sleep(seconds)
    result.append(threading.current_thread() is threading.main_thread())


async def main():
    loop = asyncio.get_running_loop()
    result = []
    turns = 0
    running = loop.run_in_executor(None, block, 0.05, result)
    while not result:
        await asyncio.sleep(0.005)
        turns += 1
    await running
    print("turns beside the thread:", turns > 2, result)
    print(await loop.run_in_executor(None, sorted, [3, 1, 2]))
    print(await asyncio.to_thread(sorted, [3, 1, 2], reverse=True))
    await asyncio.gather(asyncio.to_thread(block, 0.01, result), asyncio.to_thread(block, 0.01, result))
    print(result)


if __name__ == "__main__":
    asyncio.run(main())
