from spikeviz.exercises.answer import Feedback as Feedback
from spikeviz.exercises.answer import Status as Status


def unfinished(value: object) -> bool:
    """Whether an answer, or a part of it, is still `...` or nothing at all."""
    parts = value if isinstance(value, tuple | list) else (value,)
    return any(part is None or part is Ellipsis for part in parts)


def stopped_at_ellipsis(error: Exception) -> bool:
    """Whether the student's code failed only because a `...` is still in it."""
    return "ellipsis" in str(error).lower()
