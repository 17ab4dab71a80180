"""The furnished local chain: real published contracts on Anvil, and a market that moves them.

`local.up` starts a node and furnishes it, `book.Book` says where everything stands, `market.Market` makes prices move.
Nothing here is for a real chain, and nothing third-party lives in the repository: `parts.fetch` brings the packages.
"""

from __future__ import annotations
