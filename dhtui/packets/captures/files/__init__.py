"""From the bytes of a capture file to the frames in it."""

from .reader import FrameReader

__all__ = ["FrameReader"]
