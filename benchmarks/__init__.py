"""What the engine costs beside its peers: `python -m benchmarks`, or `make bench`."""
