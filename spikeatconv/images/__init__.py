"""Images: where they come from, and what makes of any picture one that a network takes.

`decode` opens a picture, `picture` makes it fit, `base` is what the training needs of a data set.
`sources` (by their numbers) and `stream` (one after the other) give it, from what `arrays`,
`folders` and `tables` read as `rows`; `prepare` arranges archives that somebody downloaded.
"""

from spikeatconv.images.decode import FORMATS, MOST_PIXELS, SUFFIXES, image_in, open_image

__all__ = ["FORMATS", "MOST_PIXELS", "SUFFIXES", "image_in", "open_image"]
