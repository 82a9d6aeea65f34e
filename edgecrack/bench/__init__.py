"""The benchmark: how fast each way to run a model is here, and whether it finds the same.

Inference alone, a whole run over a video with everything written, and the age of results at a fixed
camera rate, each variant in a process of its own.
"""
