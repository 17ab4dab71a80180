"""Small faults of the kind a hand makes, found in a contract's text: every place and every operator, each with a name.

A fault's name is `File.function operator: old → new`, with `#n` where a function has that one several times: it does
not move when something else in the file does.

    relation    <, <=, >, >=, ==, != changed for a neighbour    negate    an `if` or a condition's choice turned round
    arithmetic  + - * / and their assignments exchanged          refusal   an `if (…) revert …;` left out
    rounding    up for down, down for up                         logic     && for ||
    constant    one more, one less, double                       extreme   min for max
    statement   left out: assignments, calls, events             swap      a call's first two arguments exchanged
    modifier    left out: locks, roles                           truth     true for false
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_HIDDEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|^import[^;]*;|^pragma[^;]*;', re.DOTALL | re.MULTILINE)
_HEADER = re.compile(r"\b(?:(function|modifier)\s+(\w+)|(constructor))\b[^;{]*?(?=[;{])", re.DOTALL)
_DECLARED = re.compile(r"\b(?:struct|enum|error|event|using|interface)\b[^;{]*(?:;|\{[^}]*\})")
_RELATIONS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",)}
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "+=": "-=", "-=": "+=", "<<": ">>", ">>": "<<", "%": "*"}
_OPERATOR = re.compile(r"(?<= )(<=|>=|==|!=|<<|>>|\+=|-=|<|>|\+|-|\*|/|%)(?= )")
_LITERAL = re.compile(r"(?<![\w.\[])(\d[\d_]*(?:e\d+)?)(?![\w.\]])")
_STATEMENT = re.compile(r"(?<=[;{}])(\s*)([A-Za-z_+(\-][^;{}]*(?:\{[^;{}]*\}[^;{}]*)*;)")
_NO_STATEMENT = re.compile(r"\s*(return|revert|for|if|else|while|using|assembly|try|continue|break|unchecked|do)\b")
_DECLARATION = re.compile(
    r"(?:mapping\b|\(?(?:[A-Za-z_][\w.]*(?:\[\d*\])*)\s+(?:(?:memory|storage|calldata|private|public|internal|constant"
    r"|immutable)\s+)*[A-Za-z_]\w*\s*[=;,)]|\(,)"
)
_KEYWORDS = frozenset(
    {"function", "modifier", "constructor", "external", "public", "internal", "private", "view", "pure", "payable"}
    | {"virtual", "override", "returns"}
)
_MARGIN = re.compile(r"\b\w*(?:GAS|RESERVE|BURNT)\w* = $")
"""A margin of gas: one unit more is no fault, twice as much may be."""
_COMMUTE = re.compile(r"(?:\bmin|\bmax|encodeCall|\bdecode|returns|\bif|catch)\($")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One fault: `text[start:end]` becomes `new`. `name` says which, for people and for the list of equivalents."""

    file: str
    name: str
    operator: str
    line: int
    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class _Site:
    operator: str
    start: int
    end: int
    new: str


def found(file: str, text: str) -> list[Mutation]:
    """Every fault of a contract's text, in the order of the text. Comments, imports and declarations are left alone."""
    code = masked(text)
    spans = functions(code)
    seen: Counter[str] = Counter()
    mutations = []
    stem = file.rpartition("/")[2].removesuffix(".sol")
    for site in sorted(_sites(code), key=lambda one: (one.start, one.end, one.operator, one.new)):
        inside = next((name for name, start, end in spans if start <= site.start < end), "")
        if not inside and site.operator not in ("constant", "arithmetic"):
            continue
        old = _short(text[site.start : site.end])
        what = f"{old} → {_short(site.new)}" if site.new.strip() else f"{old} left out"
        name = f"{stem}.{inside or 'constants'} {site.operator}: {what}"
        seen[name] += 1
        if seen[name] > 1:
            name += f" #{seen[name]}"
        line = text.count("\n", 0, site.start) + 1
        mutations.append(Mutation(file, name, site.operator, line, site.start, site.end, site.new))
    return mutations


def masked(text: str) -> str:
    """The text with comments, strings, imports and declarations blanked out: every place keeps its index."""
    hidden = _HIDDEN.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    return _DECLARED.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), hidden)


def around(text: str, mutation: Mutation) -> tuple[str, str]:
    """The whole lines that make the place unique in its file: as they are, and as they become."""
    start = text.rfind("\n", 0, mutation.start) + 1
    end = text.find("\n", mutation.end)
    end = len(text) if end < 0 else end
    while text.count(text[start:end]) > 1 and start > 0:
        start = text.rfind("\n", 0, start - 1) + 1
    old = text[start:end]
    return old, text[start : mutation.start] + mutation.new + text[mutation.end : end]


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= 64 else f"{folded[:61]}…"


def functions(code: str) -> list[tuple[str, int, int]]:
    """(name, start of the header, end of the body) of each function with a body."""
    spans = []
    for match in _HEADER.finditer(code):
        if code[match.end()] != "{":
            continue
        spans.append((match.group(2) or match.group(3), match.start(), closing(code, match.end(), "{}") + 1))
    return spans


def closing(code: str, start: int, pair: str) -> int:
    """The index of the bracket that closes the one at `start`."""
    depth = 0
    for index in range(start, len(code)):
        depth += (code[index] == pair[0]) - (code[index] == pair[1])
        if depth == 0:
            return index
    return len(code) - 1


def _sites(code: str) -> Iterator[_Site]:
    yield from _operators(code)
    yield from _literals(code)
    yield from _conditions(code)
    yield from _roundings(code)
    yield from _words(code)
    yield from _statements(code)
    yield from _arguments(code)
    yield from _modifiers(code)


def _operators(code: str) -> Iterator[_Site]:
    for match in _OPERATOR.finditer(code):
        sign = match.group()
        for other in _RELATIONS.get(sign, ()):
            yield _Site("relation", match.start(), match.end(), other)
        if sign in _ARITHMETIC:
            yield _Site("arithmetic", match.start(), match.end(), _ARITHMETIC[sign])
    for match in re.finditer(r"&&|\|\|", code):
        yield _Site("logic", match.start(), match.end(), "||" if match.group() == "&&" else "&&")


def _literals(code: str) -> Iterator[_Site]:
    for match in _LITERAL.finditer(code):
        number, (start, end) = match.group(1), match.span()
        if number == "0":
            yield _Site("constant", start, end, "1")
            continue
        if not _MARGIN.search(code[max(0, start - 60) : start]):
            yield _Site("constant", start, end, f"({number} + 1)")
            yield _Site("constant", start, end, "0" if number == "1" else f"({number} - 1)")
        if number != "1":
            yield _Site("constant", start, end, f"(2 * {number})")


def _conditions(code: str) -> Iterator[_Site]:
    for match in re.finditer(r"\bif \(", code):
        start = match.end() - 1
        end = closing(code, start, "()") + 1
        if re.search(r"&&|\|\|", code[start:end]) or not _OPERATOR.search(code, start, end):
            yield _Site("negate", start, end, f"(!{code[start:end]})")  # one relation alone has its neighbours already
        refusal = re.compile(r"\s*(?:revert [^;]*;|\{\s*revert [^;]*;\s*\})").match(code, end)
        if refusal:
            otherwise = re.match(r"\s*else\b", code[refusal.end() :])
            yield _Site("refusal", match.start(), refusal.end(), "if (false) {}" if otherwise else "")
    for match in re.finditer(r" \? ", code):
        start, end = condition(code, match.start()), match.start()
        if re.search(r"&&|\|\|", code[start:end]) or not _OPERATOR.search(code, start, end):
            yield _Site("negate", start, end, f"!({code[start:end]})")


def condition(code: str, end: int) -> int:
    """Where the condition of the choice whose question mark is at `end` begins."""
    depth, place = 0, end - 1
    while place > 0:
        sign = code[place]
        depth += (sign in ")]}") - (sign in "([{")
        equals = sign == "=" and code[place - 1] not in "=<>!" and code[place + 1] != "="
        if depth < 0 or (depth == 0 and (sign in ",;:?" or equals)):
            break
        if depth == 0 and re.match(r"return\b", code[place:]) and not code[place - 1].isalnum():
            place += len("return") - 1
            break
        place -= 1
    start = place + 1
    return start + len(code[start:]) - len(code[start:].lstrip())


def _roundings(code: str) -> Iterator[_Site]:
    for match in re.finditer(r"\bRounding\.(Ceil|Floor)\b", code):
        other = "Floor" if match.group(1) == "Ceil" else "Ceil"
        yield _Site("rounding", match.start(1), match.end(1), other)
    for match in re.finditer(r"(\bMath)?\.mulDiv\(", code):
        end = closing(code, match.end() - 1, "()")
        if "Rounding" not in code[match.end() : end]:
            yield _Site("rounding", end, end, ", Math.Rounding.Ceil")


def _words(code: str) -> Iterator[_Site]:
    for match in re.finditer(r"\bMath\.(min|max)\(", code):
        yield _Site("extreme", match.start(1), match.end(1), "max" if match.group(1) == "min" else "min")
    for match in re.finditer(r"\b(true|false)\b", code):
        yield _Site("truth", match.start(), match.end(), "false" if match.group() == "true" else "true")


def _statements(code: str) -> Iterator[_Site]:
    for match in _STATEMENT.finditer(code):
        statement, start = match.group(2), match.start(2)
        body = code[max(code.rfind("{", 0, start), code.rfind("}", 0, start)) : start]
        if body.count("(") != body.count(")"):
            continue  # the head of a loop
        if _NO_STATEMENT.match(statement) or _DECLARATION.match(statement) or statement.strip() == "_;":
            continue
        yield _Site("statement", start, match.end(2), "")


def _arguments(code: str) -> Iterator[_Site]:
    for match in re.finditer(r"(?<![\w ])_?[a-z]\w*\(|(?<= )(?<!function )(?<!event )_?[a-z]\w*\(", code):
        opening = match.end() - 1
        if _COMMUTE.search(code[max(0, match.end() - 20) : match.end()]):
            continue
        inside = code[opening + 1 : closing(code, opening, "()")]
        parts = _split(inside)
        if len(parts) >= 2 and parts[0].strip() != parts[1].strip() and not re.search(r"\w \w", parts[0].strip()):
            first, second = parts[0], parts[1]
            pad, gap = re.match(r"\s*", first), re.match(r"\s*", second)
            lead, space = (pad.group() if pad else ""), (gap.group() if gap else "")
            new = f"{lead}{second.strip()},{space}{first.strip()}"
            yield _Site("swap", opening + 1, opening + 1 + len(first) + 1 + len(second.rstrip()), new)


def _split(inside: str) -> list[str]:
    parts, depth, last = [], 0, 0
    for index, sign in enumerate(inside):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            parts.append(inside[last:index])
            last = index + 1
    return [*parts, inside[last:]]


def _modifiers(code: str) -> Iterator[_Site]:
    for match in _HEADER.finditer(code):
        if match.group(1) != "function" or code[match.end()] != "{":
            continue
        start = closing(code, code.index("(", match.start()), "()") + 1
        words = re.sub(r"\([^)]*\)", lambda found: " " * len(found.group()), code[start : match.end()])
        for word in re.finditer(r"\b\w+\b", words):
            if word.group() not in _KEYWORDS:
                yield _Site("modifier", start + word.start(), start + word.end(), "")
