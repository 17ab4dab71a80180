"""What exchanges say, off the chain: asked beside the chain's read, judged ticker by ticker, never a size, only a veto.

Nothing that an exchange answers, or fails to, leaves here as an exception: it is an observation with a verdict and a
reason, and the reason is in our words.
"""

from __future__ import annotations

from keeper.prices.asking import Asked, ask
from keeper.prices.judging import judged
from keeper.prices.products import Heard, Product, Said, products_of

__all__ = ["Asked", "Heard", "Product", "Said", "ask", "judged", "products_of"]
