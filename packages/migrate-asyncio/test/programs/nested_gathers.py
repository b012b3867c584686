"""Gathers in gathers: a tree is summed, each level at once."""

import asyncio

TREE = {"value": 1, "children": [{"value": 2, "children": [{"value": 4, "children": []}]}, {"value": 3, "children": []}]}


async def total(node, sums):
    await asyncio.sleep(0.001)
    sums.append(node["value"])
    children = node["children"]
    await asyncio.gather(*[total(child, sums) for child in children])


async def both(sums):
    await asyncio.gather(total(TREE, sums), asyncio.create_task(total(TREE["children"][0], sums)))
    await asyncio.create_task(total({"value": 100, "children": []}, sums))


async def main():
    left, right = [], []
    await asyncio.gather(both(left), both(right))
    print(sorted(left), left[-1], sum(left) == sum(right))


if __name__ == "__main__":
    asyncio.run(main())
