"""A synthetic drive rendered from a seed: pictures, true crack masks and a position log.

It shares no code with the runtime's geometry on purpose: it has its own camera, track and masks, so
that a mistake in the runtime cannot also be in the data that checks it. Its pictures were matched
by eye and by grey-level statistics to real forward views of motorways, never to a network's output.
"""
