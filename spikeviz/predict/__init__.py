"""A question before the answer: the reader commits to a guess, then sees the result over it."""
