"""The one door to the chain: its node and identity, its contracts' calls and errors, fees, and the keys that sign."""
