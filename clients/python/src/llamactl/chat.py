"""What a model answers, in OpenAI's form."""

from __future__ import annotations

from typing import Any

from ._model import Model


class ChatDelta(Model):
    """What a piece adds to the answer."""

    role: str | None
    content: str | None
    reasoning_content: str | None
    tool_calls: list[dict[str, Any]] | None


class ChatChoice(Model):
    """One answer of those that were asked for."""

    index: int
    delta: ChatDelta
    finish_reason: str | None


class ChatUsage(Model):
    """What it took."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatChunk(Model):
    """A piece of an answer, as the engine made it; what is not named here is there as `chunk["name"]`."""

    id: str | None
    model: str | None
    choices: list[ChatChoice]
    """Empty in the piece that carries only `usage`."""
    usage: ChatUsage | None
    timings: dict[str, Any] | None
    """llama-server's own measurements, in its last piece."""

    @property
    def text(self) -> str:
        """What the first answer goes on with; may be empty."""
        return (self.choices[0].delta.content or "") if self.choices else ""
