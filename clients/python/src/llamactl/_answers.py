"""Parsing of answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ._address import origin_of
from .errors import LlamactlError, ProtocolError, error_of
from .models import Problem


def answer_error(url: str, status: int, headers: Mapping[str, str], text: str) -> LlamactlError | ProtocolError:
    """Convert an error answer of llamactl, or of OpenAI's or Anthropic's API under `/v1`, to an exception.

    Any other answer comes from another program, such as a proxy in between.
    """
    retry_after = _retry_after_of(headers)
    body = object_of(text)
    error = None
    if body is not None:
        error = error_in(body, status, request_id=headers.get("x-request-id"), retry_after=retry_after)
    # A llama-server refuses every path in OpenAI's format, and has no log-in to offer.
    is_own = body is not None and isinstance(body.get("error"), str) and isinstance(body.get("code"), str)
    if error is not None and (is_own or "/v1/" in urlsplit(url).path):
        return error
    said = excerpt(text)
    return ProtocolError(
        f"{origin_of(url)} answered {status} to {urlsplit(url).path}, and not in the way of llamactl: {said}",
        url=url,
        status=status,
        retry_after=retry_after,
    )


def error_in(
    body: Mapping[str, Any], status: int | None, *, request_id: str | None, retry_after: int | None = None
) -> LlamactlError | None:
    """Return the error in a body, or `None` if the body has no known form.

    Args:
        status: `None`: the error came in the middle of a stream; its type gives the status.
    """
    error = body.get("error")
    rest = {"request_id": _text_of(body.get("request_id")) or request_id, "retry_after": retry_after}
    if isinstance(error, str):
        return error_of(
            error,
            status=500 if status is None else status,
            code=_text_of(body.get("code")) or "",
            details=_text_of(body.get("details")) or "",
            problems=_problems_of(body.get("errors")),
            reason=_text_of(body.get("reason")),
            **rest,
        )
    if not isinstance(error, dict):
        return None
    message, inner, kind = error.get("message"), error.get("code"), error.get("type")
    if not isinstance(message, str):
        return None
    meant = status
    if meant is None:
        meant = inner if isinstance(inner, int) else _STATUSES.get(_text_of(kind) or "", 500)
    return error_of(message, status=meant, code=_text_of(inner) or _text_of(kind) or "", **rest)


# HTTP statuses for the error types of OpenAI and Anthropic.
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
}


def value_of(text: str, url: str, status: int) -> Any:
    """Parse the JSON of an answer.

    Raises:
        ProtocolError: The text is not JSON.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise ProtocolError(
            f"{origin_of(url)} answered {urlsplit(url).path} with something that is not llamactl's: {excerpt(text)}",
            url=url,
            status=status,
        ) from error


def object_of(text: str) -> dict[str, Any] | None:
    """Parse a JSON object; `None`: the text is not one."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def told_object(text: str, url: str, what: str) -> dict[str, Any]:
    """Parse a JSON object that came in a stream.

    Raises:
        ProtocolError: The text is not one.
    """
    value = object_of(text)
    if value is None:
        raise ProtocolError(f"{url} sent something that is no {what}: {excerpt(text)}", url=url)
    return value


def excerpt(text: str) -> str:
    """Return the beginning of a text on one line."""
    without_tags = re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", text, flags=re.IGNORECASE | re.DOTALL)
    line = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", without_tags).strip()
    if not line:
        return "(nothing)"
    return f"{line[:200]}…" if len(line) > 200 else line


def _retry_after_of(headers: Mapping[str, str]) -> int | None:
    text = headers.get("retry-after", "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _problems_of(value: Any) -> list[Problem]:
    return [Problem(each) for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text_of(value: Any) -> str | None:
    return value if isinstance(value, str) else None
