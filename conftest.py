"""Modules that need the libraries of a GPU are searched for examples by nobody: they have none."""

_LEAVES = ("builder", "building", "execution", "gpu", "log", "monitor", "refitting", "target")
collect_ignore = [f"edgecrack/engines/{leaf}.py" for leaf in _LEAVES]
collect_ignore += ["edgecrack/segmenters/trt.py"]
