"""Times are refused that no device takes, and none of those that devices took."""

import pytest

from latency_db.importers.plausibility import check_possible
from latency_db.kernel import Kernel
from latency_db.measurement import Latency
from latency_db.operators.table import read_table, tabled_devices

TABLES = [(runtime, device) for runtime in ("tflite", "pytorch") for device in tabled_devices(runtime)]


@pytest.mark.parametrize(("runtime", "device"), TABLES)
def test_what_phones_took_is_possible(runtime, device):
    table = read_table(runtime, device)
    for key, us in table.by_key.items():
        check_possible(Kernel.of_key(key), Latency(p50=us / 1e3))


@pytest.mark.parametrize(("runtime", "device"), TABLES)
def test_a_table_in_microseconds_is_refused(runtime, device):
    table = read_table(runtime, device)
    refused = 0
    for key, us in table.by_key.items():
        try:
            check_possible(Kernel.of_key(key), Latency(p50=us))
        except ValueError:
            refused += 1
    assert refused > len(table.by_key) / 10
