"""Tables of mobile-ml-benchmark are read in both of their forms."""

import pytest

from latency_db.importers.reading import read_file
from latency_db.measurement import Conditions, Latency, Source, Subject
from tests.latency_db.importers.files import refusal, written
from tests.latency_db.importers.operator_rows import PAIR, conv

WIDE = """model,FLOPS,size,pixel4|1large|float|mean,pixel4|1large|float|std,s10|1large2med|quant|mean,s10|gpu|float|mean
bagnet9,31865981928,62695276,908365.0,1460.0,196420.0,104048.0
dla46c,1149229800,5228780,64155.1,145.0,,11463.0
"""
OPERATORS = """model,operation,feature,pixel4|gpu|float,pixel4|gpu|kernel,iphone7|gpu|float,iphone7|gpu|kernel
resnet18,CONV_2D,"{'Input_shape': '56', 'Input_channel': 64, 'Output_shape': '56', 'Stride': '1', 'Kernel': '1', \
'Filter': '256', 'Group': '1', 'FLOPS': '1'}",500.0,convolution_2d_3_linked_:_add_4_linked_:_relu_5,250.0,winograd_3
mobilenetv3,DEPTHWISE_CONV_2D,"{'Input_shape': '114', 'Input_channel': 16, 'Output_shape': '112', 'Stride': '1', \
'Kernel': '3', 'Filter': '1', 'Group': '1'}",63.9,depthwise_convolution_3_linked_:_relu_4,53.0,PAIR
""".replace("PAIR", PAIR)
TORCH_OPERATORS = """model,operation,feature,pixel4|gpu|float,pixel4|gpu|kernel
bagnet9,vulkan_prepack::run_linear_context,"{'input_shape': 2048, 'output_shape': 1000}",1123.64,vulkan.addmm
"""
LONG = """source,license,model,device,runtime,compute_unit,cores,precision,latency_ms,std_ms
here,MIT,bagnet9,Google Pixel 4,TFLite 2.10,CPU,1med,float,1060.17,2.323
here,MIT,bagnet9,iPhone XS,PyTorch Mobile 2.0.0,GPU,,float,52.3,0.1
"""


def test_a_table_of_mobile_ml_benchmark_is_read_by_its_columns(tmp_path):
    found = read_file("mobile-ml-benchmark", written(tmp_path / "tflite_cnn_e2e.csv", WIDE))
    assert [
        (one.subject.key, one.device.id, one.conditions.unit, one.conditions.cores, one.latency.mean) for one in found
    ] == [
        ("bagnet9", "pixel4", "cpu", "1large", 908.365),
        ("bagnet9", "galaxy_s10", "cpu", "1large2med", 196.42),
        ("bagnet9", "galaxy_s10", "gpu", "", 104.048),
        ("dla46c", "pixel4", "cpu", "1large", pytest.approx(64.1551)),
        ("dla46c", "galaxy_s10", "gpu", "", 11.463),
    ]
    assert [(one.conditions.threads, one.conditions.precision) for one in found[:3]] == [
        (1, "fp32"),
        (3, "int8"),
        (None, "fp32"),
    ]
    assert {(one.conditions.runtime, one.conditions.runtime_version) for one in found} == {("tflite", "2.10")}
    assert found[0].latency.std == 1.46
    assert found[0].source == Source("published", "github:qed-usc/mobile-ml-benchmark tflite_cnn_e2e.csv", "MIT")


def test_operators_of_the_published_files_are_kernels(tmp_path):
    found = read_file("mobile-ml-benchmark", written(tmp_path / "tflite_cnn_ops_gpu.csv", OPERATORS))
    assert [(one.subject.key, one.device.id, one.latency.figure) for one in found] == [
        ("conv 1x64x56x56,1x256x56x56>1x256x56x56 k1x1 s1x1 conv2d+add+relu float32", "pixel4", 0.5),
        ("conv 1x64x56x56>1x256x56x56 k1x1 s1x1 conv2d float32", "iphone7", 0.25),
        ("depthwise_conv 1x16x112x112>1x16x112x112 k3x3 s1x1 g16 conv2d+relu float32", "pixel4", 0.0639),
    ]  # the iPhone ran the depthwise convolution together with the next one
    (one,) = read_file("mobile-ml-benchmark", written(tmp_path / "torch_cnn_ops_gpu.csv", TORCH_OPERATORS))
    assert one.subject.key == "linear 1x2048>1x1000 linear float32"
    assert one.conditions == Conditions("pytorch", "gpu", "fp32", "2.0.0", method="mobile-ml-benchmark")


def operators(folder, rows):
    """A file of rows such as `operator_rows` makes"""
    header = ["runtime", *rows[0]]
    lines = [",".join(header), *(",".join(["TFLite 2.10 GPU delegate", *row.values()]) for row in rows)]
    return written(folder / "ops.csv", "\n".join(lines) + "\n")


def test_operators_of_mobile_ml_benchmark_are_kernels(tmp_path):
    (one,) = read_file("mobile-ml-benchmark", operators(tmp_path, [conv("fused:relu"), conv(PAIR)]))
    assert one.subject == Subject("kernel", "conv 1x64x56x56>1x64x56x56 k3x3 s1x1 conv2d+relu float32")
    assert (one.device.id, one.latency) == ("pixel4", Latency(p50=0.0055, n=2))
    assert one.conditions == Conditions("tflite", "gpu", "fp32", "2.10", method="mobile-ml-benchmark")


def test_an_operator_that_no_kernel_is_known_for_is_refused(tmp_path):
    path = operators(tmp_path, [conv(), conv(op="TOPK_V2")])
    assert "'TOPK_V2'" in refusal("mobile-ml-benchmark", path).reason
    assert refusal("mobile-ml-benchmark", path).line == 3


def test_a_measurement_a_line_is_read_too(tmp_path):
    pixel, iphone = read_file("mobile-ml-benchmark", written(tmp_path / "e2e.csv", LONG))
    assert (pixel.device.id, pixel.latency) == ("pixel4", Latency(mean=1060.17, std=2.323))
    assert (pixel.conditions.runtime, pixel.conditions.cores) == ("tflite", "1med")
    assert (iphone.device.id, iphone.conditions.unit, iphone.conditions.threads) == ("iphone_xs", "gpu", None)
    assert (iphone.conditions.runtime, iphone.conditions.runtime_version) == ("pytorch", "2.0.0")


@pytest.mark.parametrize(
    ("name", "text", "line", "word"),
    [
        ("cnn_e2e.csv", WIDE, None, "tflite_ nor torch_"),
        ("tflite_cnn_e2e.csv", WIDE.replace("pixel4", "nokia"), 1, "no phone"),
        ("tflite_cnn_e2e.csv", WIDE.replace("64155.1", "soon"), 3, "no number"),
        ("tflite_cnn_e2e.csv", WIDE.replace("64155.1", "0"), 3, "a finite number above 0"),
        ("tflite_cnn_e2e.csv", WIDE.replace("|quant|", "|half|"), 2, "precision is 'half'"),
        ("tflite_cnn_ops_gpu.csv", OPERATORS.replace("Filter", "Width"), 2, "does not say"),
        ("tflite_cnn_ops_gpu.csv", OPERATORS.replace("_relu_5", "_tan_5"), 2, "no kernel follows"),
        ("tflite_cnn_ops_cpu.csv", OPERATORS.replace("pixel4|gpu|kernel", "pixel4|gpu|name"), 1, "what was fused"),
        ("e2e.csv", LONG.replace("TFLite 2.10", "ncnn"), 2, "'ncnn'"),
    ],
)
def test_a_bad_table_of_mobile_ml_benchmark_is_refused(name, text, line, word, tmp_path):
    refused = refusal("mobile-ml-benchmark", written(tmp_path / name, text))
    assert (refused.line, word in refused.reason) == (line, True), refused
