"""A double of ``cuda.bindings``: what `edgecrack.engines.graph` uses, on the GPU of ``gpu``."""
