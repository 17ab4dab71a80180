"""An independent audit of the demo: every figure of its JSON once more, from logs, headers, receipts and balances.

Nothing here is imported from keeper/ or scripts/: formulas are those of docs/demo.md, events and structs those of the
contracts' interfaces, row hashes those of docs/journal.md, each written anew.
"""

from __future__ import annotations
