"""Text from outside as a terminal may get it: no command to the terminal, nothing that turns a line around."""

import re

# Besides line feed and tab: the C0 and C1 controls and DEL (ECMA-48), and what turns a line's direction (UAX 9).
_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# The colours this program puts out itself (click.style). In a name from outside they could do no more than colour it.
_COLOURS = re.compile(r"(\x1b\[(?:[0-2]|22|3[0-7]|9[0-7])m)")
REPLACED = "\N{REPLACEMENT CHARACTER}"


def harmless(text: str, *, coloured: bool = False) -> str:
    """The text with U+FFFD in place of each character that commands a terminal; lines stay lines.

    Args:
        text: From anywhere.
        coloured: It may hold our own colours, which stay.
    """
    if not coloured:
        return _COMMANDS.sub(REPLACED, text)
    parts = _COLOURS.split(text)  # every second one is a colour
    return "".join(part if number % 2 else _COMMANDS.sub(REPLACED, part) for number, part in enumerate(parts))


def escaped(json_text: str) -> str:
    """JSON that says the same, without a character that commands a terminal."""
    return _COMMANDS.sub(lambda match: f"\\u{ord(match[0]):04x}", json_text)
