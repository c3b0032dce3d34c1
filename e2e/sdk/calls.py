"""Reads a call from each line of standard input, makes it, and writes its outcome as a line: see sdk.ts."""

import json
import sys


def serve(calls, failure_of, sdk_error):
    """`calls`: by name, functions of the settings. `failure_of`: what an error of the class `sdk_error` says."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            outcome = {"value": calls[request["name"]](request["settings"])}
        except sdk_error as error:
            outcome = {"error": failure_of(error)}
        sys.stdout.write(json.dumps(outcome) + "\n")
        sys.stdout.flush()
