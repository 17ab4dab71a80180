"""The only floor that sends: routes, simulation, sending, watching, and recovery after a restart."""
