"""`vitexport formats`: what can be made here, and what became of a bundle's graphs."""

import json

from exporter.cli.formats import print_delegation
from exporter.manifest import Artifact, Delegation, Manifest, Outside
from tests.exporter.cli.command_line import run


def test_the_table_has_a_row_for_every_format():
    formats = json.loads(run("formats", "--json").stdout)
    assert [entry["format"] for entry in formats] == ["coreml", "coreai", "executorch", "tflite", "onnx"]
    assert all(entry["toolchain"] for entry in formats)
    coreml, _, executorch, *_ = formats
    assert (coreml["file"], coreml["precisions"][:3], coreml["delegates"]) == (".mlpackage", ["fp16", "fp32", "w8"], [])
    assert executorch["delegates"] == ["xnnpack", "coreml"]
    assert executorch["install"] == "pip install 'vitexport[executorch]'"
    assert len(run("formats").stdout.splitlines()) > 5


def test_a_bundles_graphs_are_explained(bundles):
    bundle = str(bundles["mobilevit"].path)
    explained = run("formats", "--explain", bundle)
    assert explained.returncode == 0
    assert "Nothing of it is left outside xnnpack." in explained.stdout
    assert "attention_as_matmuls" in explained.stdout
    entries = {entry["format"]: entry for entry in json.loads(run("formats", "--explain", bundle, "--json").stdout)}
    assert entries["executorch"]["delegation"]["macs"] == 1
    assert (entries["tflite"]["delegation"]["macs"], entries["tflite"]["delegation"]["pieces"]) == (1, 1)


def test_what_is_left_outside_a_delegate_is_named_with_its_modules(capsys):
    outside = Outside(operator="aten.sort", count=3, macs=2_500_000, where=("a.norm", "b.norm", "c.norm", "d.norm"))
    artifact = Artifact.model_construct(
        format="executorch",
        precision="fp32",
        delegate="xnnpack",
        graph="g",
        operators={"aten.sort": 3},
        rewrites=(),
        delegation=Delegation(delegate="xnnpack", operators=0.5, macs=0.75, pieces=4, outside=(outside,)),
    )
    print_delegation(Manifest.model_construct(variants=(artifact.variant,), artifacts=(artifact,)))
    shown = capsys.readouterr().out
    assert "50.0%" in shown
    assert "75.0%" in shown
    assert "aten.sort" in shown
    assert "a.norm, b.norm, c.norm and 1 more" in shown
