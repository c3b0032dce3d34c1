"""Streamed answers of a model, in OpenAI's format."""

from __future__ import annotations

from typing import Any

from ._model import Model


class ChatDelta(Model):
    """The part that a chunk adds to the answer."""

    role: str | None
    content: str | None
    reasoning_content: str | None
    tool_calls: list[dict[str, Any]] | None


class ChatChoice(Model):
    """One of the requested answers."""

    index: int
    delta: ChatDelta
    finish_reason: str | None


class ChatUsage(Model):
    """Numbers of tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatChunk(Model):
    """One chunk of an answer, as the engine sent it. `chunk["name"]` returns fields without an attribute."""

    id: str | None
    model: str | None
    choices: list[ChatChoice]
    """Empty in the chunk that has only `usage`."""
    usage: ChatUsage | None
    timings: dict[str, Any] | None
    """llama-server's own measurements, in its last chunk."""

    @property
    def text(self) -> str:
        """The text that this chunk adds to the first answer; may be empty."""
        return (self.choices[0].delta.content or "") if self.choices else ""
