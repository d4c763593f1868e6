"""Draws time per output token, stacked by what the critical path spends it on.

    python3 time_per_token.py RESULTS_DIR OUT.svg

Reads the result JSON files that `plots/readme/make` writes; computes nothing but sums and a check
that the parts of a bar add up to its measured mean.
"""
import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.patches import Patch, Polygon

# (file, label); None starts a group.
ROWS = [
    (None, "Step pinned at the paper's 20 ms"),
    ("paper_pinned", "no verification"),
    ("v2_5_a", "stop and wait, every token,\n0.94 GB of anchors re-hashed"),
    ("sane_new_kv", "stop and wait, every token,\nonly the new token's KV hashed"),
    ("sync_k32", "stop and wait, every 32 tokens,\n0.94 GB re-hashed"),
    ("v3_0_k1", "behind generation, every token,\n0.94 GB re-hashed"),
    ("v3_0_k32", "behind generation, every 32 tokens,\n0.94 GB re-hashed"),
    (None, "Step derived from an A100 at 64k context"),
    ("derived", "no verification"),
    ("paper_13b_64k", "behind generation, every 32 tokens"),
]

# (legend, categories of time_breakdown_s, colour of the Okabe-Ito palette, hatch)
PARTS = [
    ("step, pinned", ("assumed",), "#bbbbbb", ""),
    ("weights", ("weights",), "#0072b2", ""),
    ("attention, anchors", ("attention", "anchors"), "#56b4e9", ""),
    ("launch, host", ("launch", "host"), "#000000", ""),
    ("transfer, sync, ledger", ("quantize", "transfer", "sync", "ledger"), "#f0e442", "xxx"),
    ("hash", ("hash",), "#d55e00", "///"),
    ("stall: verifier behind", ("stall", "rollback"), "#cc79a7", "\\\\\\"),
]

ZOOM_MS = 60
HEIGHT = 0.62


def bars(results):
    """Rows from top to bottom: (y, label, is_heading, parts in ms, mean in ms)."""
    rows, y = [], 0.0
    for name, label in ROWS:
        if name is None:
            y += 0.35 if rows else 0.0
            rows.append((y, label, True, [], 0.0))
            y += 0.8
            continue
        result = json.loads((results / f"{name}.json").read_text())
        spent = result["time_breakdown_s"]
        parts = [1e3 * sum(spent[c] for c in categories) for _, categories, _, _ in PARTS]
        mean = 1e3 * result["latency"]["tpot_s"]["mean"]
        if abs(sum(parts) - mean) > 1e-3 * mean:
            sys.exit(f"{name}: the parts sum to {sum(parts)} ms, the mean is {mean} ms")
        rows.append((y, label, False, parts, mean))
        y += 1.0
    return rows


def draw(axis, rows, limit):
    for y, _, heading, parts, mean in rows:
        if heading:
            continue
        left = 0.0
        for (_, _, colour, hatch), part in zip(PARTS, parts):
            if part > 0:
                axis.barh(y, part, HEIGHT, left, color=colour, hatch=hatch, edgecolor="#333333",
                          linewidth=0.4)
            left += part
        if mean > limit:  # the bar goes on: say so, and with what
            tip = limit * 1.035
            axis.add_patch(Polygon([[limit, y - HEIGHT / 2], [tip, y], [limit, y + HEIGHT / 2]],
                                   color="#333333", clip_on=False, linewidth=0))
            axis.text(tip + limit * 0.012, y, f"{mean:.0f}", va="center", clip_on=False)
        else:
            axis.text(mean + limit * 0.012, y, f"{mean:.3g}", va="center")
    axis.set_xlim(0, limit)
    axis.set_axisbelow(True)
    axis.grid(axis="x", color="#dddddd", linewidth=0.6)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.tick_params(axis="y", length=0)


def main():
    results, out = pathlib.Path(sys.argv[1]), sys.argv[2]
    rows = bars(results)
    plt.rcParams.update({"font.size": 8.5, "font.family": "DejaVu Sans", "svg.hashsalt": "fieldsim",
                         "hatch.linewidth": 0.5})
    figure, (whole, zoom) = plt.subplots(
        1, 2, figsize=(9.6, 4.9), sharey=True, gridspec_kw={"width_ratios": [1.0, 1.55]})
    draw(whole, rows, 600)
    draw(zoom, rows, ZOOM_MS)
    whole.set_xlim(0, 640)
    whole.set_xticks(range(0, 601, 200))
    whole.set_xlabel("time per output token, ms")
    zoom.set_xlabel(f"the same bars, 0 to {ZOOM_MS} ms")
    whole.set_yticks([r[0] for r in rows if not r[2]], [r[1] for r in rows if not r[2]])
    for y, label, heading, _, _ in rows:
        if heading:
            whole.annotate(label, (0.01, y), xycoords=("figure fraction", "data"), va="center",
                           fontweight="bold", annotation_clip=False)
    whole.set_ylim(rows[-1][0] + 0.6, -0.5)
    figure.legend([Patch(facecolor=c, hatch=h, edgecolor="#333333", linewidth=0.4)
                   for _, _, c, h in PARTS],
                  [p[0] for p in PARTS], ncol=len(PARTS), loc="upper center", frameon=False,
                  fontsize=8, handlelength=1.4, columnspacing=1.1, handletextpad=0.4)
    figure.subplots_adjust(left=0.265, right=0.955, top=0.93, bottom=0.1, wspace=0.1)
    figure.savefig(out, format="svg", metadata={"Date": None}, facecolor="white")


main()
