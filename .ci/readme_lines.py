"""Print the commands of README.md that CI runs: name, tab, command.

A command is a fenced `sh` block of one line, directly under a comment that names it:

    <!-- ci: run -->
    ```sh
    python3 -m venv .venv && ...
    ```
"""

import re
import sys
from pathlib import Path

BLOCK = re.compile(r"^<!-- ci: ([a-z0-9-]+) -->\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"<!--\s*ci:")
NEEDED = ("run", "test")


def commands(text):
    """Return {name: command}, or raise ValueError with a sentence that says what is wrong."""
    found = BLOCK.findall(text)
    if len(found) != len(MARK.findall(text)):
        raise ValueError("A `<!-- ci: name -->` comment is not followed directly by a ```sh block.")
    lines = {}
    for name, block in found:
        command = block.strip()
        if not command or "\n" in command:
            raise ValueError(f"The block `ci: {name}` must be exactly one line.")
        if name in lines:
            raise ValueError(f"The block `ci: {name}` stands there twice.")
        lines[name] = command
    missing = [name for name in NEEDED if name not in lines]
    if missing:
        raise ValueError(f"No block is marked `<!-- ci: {missing[0]} -->`.")
    return lines


def main():
    """Print the commands of the README given, or one sentence and exit code 1."""
    readme = Path(sys.argv[1])
    try:
        lines = commands(readme.read_text("utf-8").replace("\r\n", "\n"))
    except (OSError, ValueError) as error:
        sys.exit(f"{readme.name}: {error}")
    for name, command in lines.items():
        sys.stdout.buffer.write(f"{name}\t{command}\n".encode())


if __name__ == "__main__":
    main()
