"""Deliver one parcel in a process of its own, and die at a named point as if the power went.

Started by the tests: standard input is what to deliver as JSON, arguments are the point and at which pass of it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from formflow.core import crash_points
from formflow.sdk import folder, registry
from formflow.sdk.conformance import pretend_context
from formflow.sdk.contract import Attachment, Prepared

told = json.load(sys.stdin)
folder.LOCK_SECONDS = 600.0  # several of us may want one folder, on a busy machine
os.environ[crash_points.VARIABLE] = f"{sys.argv[1]}:{sys.argv[2]}"

kind = registry.load(told["kind"])
connector = kind(
    kind.Settings.model_validate(told["settings"]),
    pretend_context([Path(told["paper"]).read_bytes()]),
)
attachments = tuple(Attachment(*one) for one in told["attachments"])
prepared = Prepared(told["key"], bytes.fromhex(told["body"]), told["headers"], attachments)
print(connector.deliver(prepared).how)
