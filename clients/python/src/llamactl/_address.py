"""Addresses of servers, and paths."""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from ._options import QueryValue

DEFAULT_URL = "http://127.0.0.1:8080"


def address_of(url: str) -> str:
    """Normalize the address of a server.

    Removes a slash at its end, and `/api`, with which the API reference ends its base URL, or `/v1`, that of OpenAI
    clients. If the `base_path` of a server ends with `/api`, write it twice.

    Raises:
        ValueError: The text is not an HTTP or HTTPS address.
    """
    # The protocol may be missing: `localhost:8080`.
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is no address; it looks like {DEFAULT_URL}.") from error
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"{url} is no address of HTTP or HTTPS.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("Credentials belong into `token`, not into the address.")
    if not parts.hostname or any(character.isspace() for character in url):
        raise ValueError(f"{url!r} is no address; it looks like {DEFAULT_URL}.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/")
    path = path.removesuffix("/api") if path.endswith("/api") else path.removesuffix("/v1")
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{path}"


def origin_of(url: str) -> str:
    """Protocol, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(address: str) -> bool:
    """Whether the host is this machine, for which no proxy is used."""
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def step(name: str) -> str:
    """Encode a name as one segment of a path, so that it cannot lead to another path.

    Raises:
        ValueError: The name cannot be part of a URL path: an empty text, `.` or `..`.
    """
    if name in ("", ".", ".."):
        raise ValueError(f"{name!r} is no name: it must begin with a letter or digit.")
    # A lone half of a surrogate pair cannot be encoded.
    return quote(name, safe="", errors="replace")


def target_of(path: str, query: dict[str, QueryValue]) -> str:
    """Append a query to a path, which may already have one. Parameters that are `None` are left out."""
    given = {name: _word(value) for name, value in query.items() if value is not None}
    if not given:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode(given)}"


def query_of(target: str) -> dict[str, str]:
    """The query at the end of a path, if any."""
    return dict(parse_qsl(urlsplit(target).query))


def _word(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
