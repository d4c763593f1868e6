"""The checks of run_all find what is wrong: each is held against a table that breaks it."""
import importlib.machinery
import importlib.util
import pathlib

path = pathlib.Path(__file__).with_name("run_all")
loader = importlib.machinery.SourceFileLoader("run_all", str(path))
run_all = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_all", loader))
loader.exec_module(run_all)

TABLES = {"t": [{"n": 1.0, "kind": "a", "v": 10.0}, {"n": 2.0, "kind": "a", "v": 5.0}, {"n": 4.0, "kind": "a", "v": 5.0}]}


def shows(claim):
    try:
        run_all.check(TABLES, {"table": "t", **claim})
        return True
    except run_all.Wrong:
        return False


CASES = [
    (True, {"where": {"n": 1}, "column": "v", "equals": 10}),
    (False, {"where": {"n": 1}, "column": "v", "equals": 10.2, "relative": 0.01}),
    (True, {"where": {"n": 1}, "column": "v", "equals": 10.2, "relative": 0.02}),
    (False, {"where": {"n": 3}, "column": "v", "equals": 10}),  # no such row
    (False, {"where": {"kind": "a"}, "column": "v", "equals": 10}),  # more than one row
    (False, {"where": {"kid": "a"}, "column": "v", "equals": 10}),  # no such column
    (False, {"where": {"n": 1}, "column": "w", "equals": 10}),
    (False, {"where": {"n": 1}, "column": "v"}),  # expects nothing
    (False, {"where": {"n": 1}, "column": "v", "at_least": 11}),
    (False, {"where": {"n": 1}, "column": "v", "at_most": 9}),
    (False, {"along": "n", "column": "v", "law": "falling"}),  # the last two are equal
    (True, {"along": "n", "column": "v", "law": "not rising"}),
    (False, {"along": "n", "column": "v", "law": "rising"}),
    (True, {"along": "n", "column": "v", "extreme": "max", "equals": 1}),
    (False, {"along": "n", "column": "v", "extreme": "max", "equals": 2}),
    (True, {"column": "v", "ratio": [{"where": {"n": 1}}, {"where": {"n": 2}}], "equals": 2}),
    (False, {"column": "v", "ratio": [{"where": {"n": 2}}, {"where": {"n": 1}}], "equals": 2}),
]
wrong = [claim for wanted, claim in CASES if shows(claim) is not wanted]
assert not wrong, wrong
