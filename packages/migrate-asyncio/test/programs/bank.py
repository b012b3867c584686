"""Locks in classes: transfers between accounts neither lose nor make money."""

import asyncio
from dataclasses import dataclass, field


@dataclass
class Account:
    number: int
    balance: int = 100
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Bank:
    def __init__(self, size):
        self.accounts = [Account(number) for number in range(size)]
        self.refused = 0

    async def transfer(self, source, target, amount):
        first, second = sorted((source, target))
        async with self.accounts[first].lock, self.accounts[second].lock:
            if self.accounts[source].balance < amount:
                self.refused += 1
                return
            seen = self.accounts[source].balance
            await asyncio.sleep(0)
            self.accounts[source].balance = seen - amount
            self.accounts[target].balance += amount


async def main():
    bank = Bank(3)
    await asyncio.gather(*[bank.transfer(turn % 3, (turn + 1) % 3, 10) for turn in range(12)])
    await bank.transfer(0, 1, 1000)
    print(sum(account.balance for account in bank.accounts), bank.refused)


if __name__ == "__main__":
    asyncio.run(main())
