"""Measurements that say all that can be said, and as little as can be."""

from datetime import UTC, datetime

from latency_db.measurement import Conditions, Device, Latency, Measurement, Source, Subject

KEY = "conv 1x3x224x224>1x32x112x112 k3x3 s2x2 conv2d+relu float32"

FULL = Measurement(
    Device("galaxy_s10", "Exynos 9820"),
    Subject("kernel", KEY),
    Conditions("tflite", "cpu", "fp32", "2.10", "xnnpack", "Android 12", 2, "1large1med", "benchmark_model"),
    Latency(p50=1.5, p90=1.75, p99=2.0, mean=1.6, std=0.1, figure=1.55, n=50, warmup=5),
    Source("measured", "vitexport 0.1.0 (67426a89)", "MIT"),
    thermal="light",
    quality="drifting",
    measured_at=datetime(2026, 11, 27, 1, 6, 14, 250000, tzinfo=UTC),
    note="the phone lay in the sun: 31 °C",
)

BARE = Measurement(
    Device("iphone15_pro_max"),
    Subject("model", "efficienttam_s 512x512 track"),
    Conditions(None, None, None),
    Latency(figure=80.6),
    Source("published", "arXiv 2411.18933 Table 1", "facts"),
)
