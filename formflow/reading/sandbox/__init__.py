"""The process that reads. It can be ended at any moment, and only JSON and grey dots come out of it."""
