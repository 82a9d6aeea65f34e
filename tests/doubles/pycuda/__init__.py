"""A double of ``pycuda``: what `edgecrack.engines.gpu` uses, on the GPU of ``doubles.gpu``."""
