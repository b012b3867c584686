"""A handler that sees the cancellation of a timeout and lets it pass."""

import asyncio
from asyncio import CancelledError, TimeoutError


async def patient(log):
    try:
        await asyncio.sleep(5)
    except CancelledError:
        log.append("cancelled")
        raise
    finally:
        log.append("finally")


async def main():
    log = []
    try:
        await asyncio.wait_for(patient(log), 0.02)
    except TimeoutError:
        log.append("timeout")
    print(log)


if __name__ == "__main__":
    asyncio.run(main())
