"""A checkpoint in, a bundle out that has proved itself."""
