"""The benchmarks: `make bench` prints one table, everything measured in one run, side by side."""
