"""What a run says while it works. Silent unless somebody listens; the command line listens with a terminal."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqcast.train.run import Run


class Talk:
    """Says nothing. A listener overrides what it wants to hear."""

    def note(self, line: str) -> None:
        """Hear a sentence that the user must not miss: what was inferred, mended, cut or left out."""

    def stage(self, line: str) -> None:
        """Hear what is being done now."""

    def epoch(self, name: str, run: "Run", epochs: int) -> None:
        """Hear of a network's last epoch, out of `epochs` at most."""
