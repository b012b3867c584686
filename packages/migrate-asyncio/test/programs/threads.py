"""Blocking work in threads, by both of asyncio's ways."""

import asyncio
import threading


def work(x, *, scale=1):
    return x * scale, threading.current_thread() is threading.main_thread()


async def main():
    print(await asyncio.to_thread(work, 2))
    print(await asyncio.to_thread(work, 2, scale=10))
    loop = asyncio.get_running_loop()
    print(await loop.run_in_executor(None, work, 3))


if __name__ == "__main__":
    asyncio.run(main())
