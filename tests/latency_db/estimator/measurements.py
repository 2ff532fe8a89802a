"""Rows as a store gives them."""

from latency_db.measurement import Conditions, Device, Latency, Measurement, Source, Subject

CPU = Conditions("tflite", "cpu", "fp32", cores="1large")
GPU = Conditions("tflite", "gpu", "fp32")


def measured(subject: Subject, ms: float, conditions: Conditions = CPU, device: str = "pixel4", **more) -> Measurement:
    return Measurement(
        Device(device, "a chip"), subject, conditions, Latency(p50=ms), Source("measured", "a test"), **more
    )
