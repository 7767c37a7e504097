"""Fuzz targets written in Python: each a module with SEEDS and target(octets), which raises what is found."""
