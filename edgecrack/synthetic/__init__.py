"""A drive that never happened, rendered from a seed, and the page that shows what a run found.

The generator stands apart from the runtime on purpose: its own camera, its own track, its own
true masks, so that a mistake in the runtime's geometry cannot hide in the thing that judges it.
It was matched by eye and by grey-level statistics to real forward views of motorways, never to
what a network answers.
"""
