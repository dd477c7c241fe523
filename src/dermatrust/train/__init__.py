"""Training of the embedded models. The only room besides a model's own backend that imports torch (extra `train`)."""
