"""The body of a request as JSON."""

from __future__ import annotations

import json
from typing import Any

from kerascnn.serving.errors import RequestError
from kerascnn.utils.arguments import shorten


def parse_json_object(body: bytes) -> dict[str, Any]:
    """Parse the body of a request.

    Raises:
        RequestError: It is not a JSON object.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"JSON Parse error: {str(error) or 'too deeply nested'}") from None
    if not isinstance(content, dict):
        raise RequestError(400, f"JSON Value: {shorten(content)} Is not object")
    return content
