"""What published rows are worth: estimates of what was left out, from the shipped tables alone. Prints a table.

    .venv/bin/python -m benchmarks.latency_published

Rows 7 and 8 of the targets of the latency database. The regression's errors are made anew here, not read from the
shipped ones; an interval never uses residuals of the model (family, phone) it is for.
"""

from collections.abc import Sequence

import numpy as np

from latency_db.coverage import quantile
from latency_db.fitting.coreml_residuals import left_out
from latency_db.fitting.transfer_ratios import GALAXIES, jobs, pairs
from latency_db.fitting.transfer_ratios import left_out as ratios_left_out
from latency_db.published.coreml_intervals import LeftOut, Residual, calibrates
from latency_db.published.coreml_regression import training_rows
from latency_db.published.estimate import estimate_core_ml, facts_of
from latency_db.published.rows import PublishedRow, published_rows

ASKED = (("galaxy_s24", "galaxy_s25", 5.5), ("galaxy_s25", "galaxy_s24", 5.5), ("galaxy_s25", "galaxy_s26", 7.0),
         ("galaxy_s25", "galaxy_s22", 14.0))  # fmt: skip
"""Phones, and the median error in percent that is asked for"""

TRACKER = ("efficienttam_s_512x512", "iphone15_pro_max", 512)


def main() -> None:
    core_ml()
    galaxies()
    tracker()


def core_ml() -> None:
    usable = training_rows(published_rows())
    doubtful = [row for row in published_rows() if row.flag == "fallback"]
    print(f"iPhones, Core ML: {len(usable)} rows, {len(doubtful)} more are fallback and left out\n")
    print("| left out | rows | median error | p90 | coverage of 90 % | high/low |\n|---|---|---|---|---|---|")
    asked = " (asked: 10 %, 85–95 %, 2.2)"
    kinds: tuple[LeftOut, ...] = ("model", "family", "phone")
    for kind in kinds:
        every = list(left_out(kind, usable))
        print(f"| {kind}, iPhone 12–14{asked} | {score([one for one in every if calibrates(one)])} |")
        for phone in sorted({one.device for one in every}) if kind == "model" else ():
            of_phone = [abs(np.expm1(one.residual)) for one in every if one.device == phone]
            print(f"| model, {phone} | {len(of_phone)} | {np.median(of_phone):.1%} | | | |")
        asked = ""


def score(residuals: Sequence[Residual]) -> str:
    """Cells of the table; each residual's interval comes from those of other models, families or phones."""
    group = {"model": "model", "family": "family", "phone": "device"}[residuals[0].left_out]
    errors = [abs(np.expm1(one.residual)) for one in residuals]
    scales = [
        quantile([other.scaled for other in residuals if getattr(other, group) != getattr(one, group)])
        for one in residuals
    ]
    covered = [one.scaled <= scale for one, scale in zip(residuals, scales, strict=True)]
    widths = [np.exp(2 * scale * one.deviation) for one, scale in zip(residuals, scales, strict=True)]
    figures = (
        f"{np.median(errors):.1%} | {np.quantile(errors, 0.9):.0%} | {np.mean(covered):.1%} | {np.median(widths):.2f}"
    )
    return f"{len(residuals)} | {figures}"


def galaxies() -> None:
    print(
        "\nGalaxy generations, Qualcomm's rows, one ratio for each runtime and precision, each model left out in turn\n"
    )
    print("| from | to | jobs | median error | asked | p90 | coverage of 90 % | high/low |\n" + "|---" * 8 + "|")
    phones = {phone: jobs(row for row in published_rows() if row.device == phone) for phone in GALAXIES}
    for source, target, asked in ASKED:
        found = list(ratios_left_out(pairs(phones[source], phones[target])))
        errors = [abs(np.expm1(error)) for _, error, _ in found]
        covered = np.mean([abs(error) <= width for _, error, width in found])
        width = np.median([np.exp(2 * width) for _, _, width in found])
        figures = f"{np.median(errors):.1%} | {asked} % | {np.quantile(errors, 0.9):.0%} | {covered:.1%} | {width:.2f}"
        print(f"| {source} | {target} | {len(found)} | {figures} |")


def tracker() -> None:
    model, device, size = TRACKER
    (own,) = (row for row in published_rows() if (row.model, row.device, row.size) == TRACKER)
    without: dict[str, list[PublishedRow]] = {
        "its own row left out": [row for row in published_rows() if row is not own],
        "every row of its family left out": [row for row in published_rows() if "efficienttam" not in row.model],
    }
    print(f"\nExample: {model} on {device}, published as {own.ms} ms; one row, which proves nothing\n")
    for words, rows in without.items():
        found = estimate_core_ml(facts_of(model, size), device, rows=rows)
        print(
            f"* {words}: {found.ms:.1f} ms, 90 % {found.low:.1f} to {found.high:.1f} ({found.method}; {found.reason})"
        )


if __name__ == "__main__":
    main()
