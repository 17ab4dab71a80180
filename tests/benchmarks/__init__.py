"""What a trade costs in gas and a tick in time, measured now beside the plain way of doing the same."""
