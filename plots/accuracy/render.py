#!/usr/bin/python3
"""Accuracy plots from the JSON of `fidelity_accuracy report` (python3-matplotlib).

  plots/accuracy/render.py validation/gates/accuracy.json plots/accuracy

Writes scatter.png (predicted against measured) and errors.svg (held-out errors beside the baselines).
"""
import json
import sys

import matplotlib

matplotlib.use("agg")
matplotlib.rcParams["svg.hashsalt"] = "fieldsim"  # the same file for the same input
import matplotlib.pyplot as plt  # noqa: E402

OPERATIONS = ("decode", "prefill", "gemm")


def scatter(report, path):
    figure, axes = plt.subplots(1, 3, figsize=(12, 4))
    for axis, operation in zip(axes, OPERATIONS):
        low, high = 1e9, 0
        for part, operations in report["parts"].items():
            points = operations[operation].get("scatter", [])
            x, y = [p[0] for p in points], [p[1] for p in points]
            low, high = min(low, *x), max(high, *x)
            axis.loglog(x, y, ".", markersize=2.5, alpha=0.6, label=part)
        axis.loglog([low, high], [low, high], "k-", linewidth=0.6)
        for factor in (0.9, 1.1):
            axis.loglog([low, high], [low * factor, high * factor], "k:", linewidth=0.6)
        axis.set_title(operation)
        axis.set_xlabel("measured, us")
        axis.grid(True, linewidth=0.3)
    axes[0].set_ylabel("predicted, us")
    axes[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})


def errors(report, path):
    labels, bars = [], {"model, layouts left out": [], "model, lengths left out": [],
                        "fitted roofline": [], "analytic": []}
    for operation in OPERATIONS:
        for part, operations in report["parts"].items():
            cross = operations[operation]["cross"]
            labels.append(f"{operation}\n{part.split('-')[0]}")
            bars["model, layouts left out"].append(100 * cross["layout"]["model"]["mape"])
            bars["model, lengths left out"].append(100 * cross["length"]["model"]["mape"])
            bars["fitted roofline"].append(100 * cross["layout"]["roofline"]["mape"])
            bars["analytic"].append(100 * cross["layout"]["analytic"]["mape"])
    figure, axis = plt.subplots(figsize=(10, 4))
    width = 0.2
    for i, (name, values) in enumerate(bars.items()):
        at = [x + (i - 1.5) * width for x in range(len(labels))]
        drawn = axis.bar(at, values, width, label=name)
        axis.bar_label(drawn, fmt="%.1f", fontsize=6)
    axis.set_xticks(range(len(labels)), labels, fontsize=8)
    axis.set_yscale("log")
    axis.set_ylabel("MAPE on rows not fitted, %")
    axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    report = json.load(open(sys.argv[1], encoding="utf-8"))
    scatter(report, sys.argv[2] + "/scatter.png")
    errors(report, sys.argv[2] + "/errors.svg")


if __name__ == "__main__":
    main()
