"""A crawler: workers share a queue of pages, find links, and stop when all pages were seen."""

import asyncio

LINKS = {"/": ["/a", "/b"], "/a": ["/c", "/"], "/b": ["/c", "/d"], "/c": [], "/d": ["/a"]}


async def fetch(page):
    await asyncio.sleep(0.001)
    return LINKS[page]


async def crawl(start, size):
    pages = asyncio.Queue()
    seen = {start}
    open_pages = 1
    pages.put_nowait(start)

    async def worker():
        nonlocal open_pages
        while True:
            page = await pages.get()
            if page is None:
                return
            for link in await fetch(page):
                if link not in seen:
                    seen.add(link)
                    open_pages += 1
                    await pages.put(link)
            open_pages -= 1
            if open_pages == 0:
                for _ in range(size):
                    await pages.put(None)

    await asyncio.gather(*[worker() for _ in range(size)])
    return sorted(seen)


if __name__ == "__main__":
    print(asyncio.run(crawl("/", 3)))
