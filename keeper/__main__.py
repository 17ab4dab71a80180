"""`python -m keeper`: the same door as the console script `keeper`."""

from __future__ import annotations

import sys

from keeper.cli import main

if __name__ == "__main__":
    sys.exit(main())
