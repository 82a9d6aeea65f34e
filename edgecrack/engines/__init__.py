"""TensorRT engines: built on the device from a bundle's ONNX, kept by fingerprint, never guessed.

An engine fits the TensorRT version, the GPU and the board that built it, and nothing else, so it is
no part of a bundle: `store` keeps each plan beside a sidecar that says what it was built from and
for. TensorRT and pycuda are imported in this room only, and only when an engine is built or run.
"""
