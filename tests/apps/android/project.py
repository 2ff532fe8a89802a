"""The Android project as its tests read it: its files, what they declare, and what they use of one another."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import tree_sitter_kotlin
from tree_sitter import Language, Node, Parser

PROJECT = Path(__file__).parents[3] / "apps" / "android"
APP = PROJECT / "app"
RESOURCES = APP / "src" / "main" / "res"
MANIFEST = APP / "src" / "main" / "AndroidManifest.xml"

ANDROID = "{http://schemas.android.com/apk/res/android}"

_PARSER = Parser(Language(tree_sitter_kotlin.language()))


def kotlin(folder: Path = PROJECT) -> list[Path]:
    """Sources and build scripts, without what a build makes."""
    return sorted(path for path in folder.rglob("*.kt*") if "build" not in path.relative_to(folder).parts)


def syntax_errors(source: bytes) -> list[str]:
    """Line and text of whatever is no Kotlin."""
    return [
        f"{node.start_point.row + 1}: {source[node.start_byte : node.end_byte][:60].decode(errors='replace')}"
        for node in _nodes(_PARSER.parse(source).root_node)
        if node.is_error or node.is_missing
    ]


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def declarations(source: bytes) -> set[str]:
    """Full names of what a file declares outside of functions: `dev.vitexport.core.Tracker`, and of what is in that."""
    root = _PARSER.parse(source).root_node
    package = next((_text(child.named_children[-1]) for child in root.children if child.type == "package_header"), "")
    return {f"{package}.{name}" for name in _declared(root, "")}


_NAMED = {
    "class_declaration",
    "object_declaration",
    "function_declaration",
    "type_alias",
    "companion_object",
    "enum_entry",
}
_BODIES = {"class_body", "enum_class_body"}


def _declared(node: Node, within: str) -> Iterator[str]:
    for child in node.children:
        if child.type == "property_declaration":
            variable = next((one for one in child.children if one.type == "variable_declaration"), None)
            if variable is not None:
                yield within + _text(variable.children[0])
        if child.type not in _NAMED:
            continue
        named = child.child_by_field_name("name") or next(
            (one for one in child.children if one.type in {"identifier", "type_identifier", "simple_identifier"}), None
        )
        name = "Companion" if named is None else _text(named)
        yield within + name
        for body in child.children:
            if body.type in _BODIES:
                yield from _declared(body, f"{within}{name}.")


def _text(node: Node) -> str:
    assert node.text is not None
    return node.text.decode()


def imports(source: str) -> list[str]:
    return re.findall(r"^import ([\w.]+\*?)", source, re.MULTILINE)


def package(source: str) -> str:
    found = re.search(r"^package ([\w.]+)$", source, re.MULTILINE)
    return "" if found is None else found[1]


def without_comments(source: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", source, flags=re.DOTALL)


_ANDROID_OR_A_RUNTIME = re.compile(r"\b(android|org\.pytorch|org\.tensorflow|com\.google)\.|app\.(R|BuildConfig)\b")


def _top_names(path: Path) -> set[str]:
    within = f"{package(path.read_text())}."
    return {name.removeprefix(within).partition(".")[0] for name in declarations(path.read_bytes())}


def sources_without_android() -> list[Path]:
    """Those of `app` that compile with nothing but the core: neither they nor what they use needs more."""
    texts = {path: without_comments(path.read_text()) for path in kotlin(APP / "src" / "main")}
    names = {path: _top_names(path) for path in texts}
    left = {path for path, text in texts.items() if not _ANDROID_OR_A_RUNTIME.search(text)}
    while True:
        others = set().union(*(names[path] for path in texts.keys() - left))
        using = {path for path in left if any(re.search(rf"\b{name}\b", texts[path]) for name in others)}
        if not using:
            return sorted(left)
        left -= using


def catalogue() -> dict[str, dict[str, object]]:
    return tomllib.loads((PROJECT / "gradle" / "libs.versions.toml").read_text())


def build_scripts() -> dict[str, str]:
    """Where it lies in the project -> its text"""
    return {str(path.relative_to(PROJECT)): path.read_text() for path in kotlin() if path.suffix == ".kts"}


def xml_files() -> list[Path]:
    return [MANIFEST, *sorted(RESOURCES.rglob("*.xml"))]


_VALUE_KINDS = {"string", "plurals", "color", "dimen", "style", "bool", "integer"}
_OF_ANOTHER = "@android:"


def declared_resources() -> set[tuple[str, str]]:
    """(kind, name), such as ("string", "app_name")"""
    found = set()
    for path in sorted(RESOURCES.rglob("*.xml")):
        kind = path.parent.name.partition("-")[0]
        if kind != "values":
            found.add((kind, path.stem))
            found.update(("id", name) for name in re.findall(r'"@\+id/(\w+)"', path.read_text()))
            continue
        for one in ElementTree.parse(path).getroot():
            assert one.tag in _VALUE_KINDS, f"{path}: {one.tag}"
            found.add((one.tag, one.attrib["name"]))
    return found


def used_resources() -> dict[tuple[str, str], str]:
    """(kind, name) -> a file that uses it"""
    used: dict[tuple[str, str], str] = {}
    for path in xml_files():
        for kind, name in re.findall(r'[">]@(\w+)/([\w.]+)[<"]', path.read_text()):
            used.setdefault((kind, name), path.name)
        if path.parent.name.startswith("values"):
            for style in ElementTree.parse(path).getroot().iter("style"):
                for parent in _parents(style):
                    used.setdefault(("style", parent), path.name)
    for path in kotlin(APP / "src"):
        for kind, name in re.findall(r"(?<![\w.])R\.(\w+)\.(\w+)", without_comments(path.read_text())):
            used.setdefault((kind, name), path.name)
    return used


def _parents(style: ElementTree.Element) -> list[str]:
    """`parent`, or without one what stands before the last dot of the name"""
    parent = style.get("parent")
    if parent is None:
        parent = style.attrib["name"].rpartition(".")[0]
    return [] if parent == "" or parent.startswith(_OF_ANOTHER) else [parent]
