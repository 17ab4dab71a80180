"""One process at work: its post at a vault, a tick, the loop around it, the kill switch, and what it says of itself."""
