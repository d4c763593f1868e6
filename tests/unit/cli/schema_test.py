#!/usr/bin/python3
"""The JSON Schemas that fieldsim prints accept every shipped file, and refuse slips of each kind.

usage: schema_test.py FIELDSIM CONFIGS; exits 77 (skipped) without python3-jsonschema, python3-yaml.
"""
import copy
import json
import pathlib
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}; apt-get install python3-jsonschema python3-yaml")
    sys.exit(77)

fieldsim, configs = sys.argv[1], pathlib.Path(sys.argv[2])
KINDS = {
    "scenario": sorted((configs / "scenarios").glob("*.yaml")),
    "hardware": sorted((configs / "hardware").glob("*.yaml")),
    "host": sorted((configs / "hardware/hosts").glob("*.yaml")),
    "model": sorted((configs / "models").glob("*.yaml")),
    "study": sorted((configs / "studies").glob("*.yaml")),
}
SLIPS = {
    "scenario": [
        lambda d: d.update(modle="llama-2-13b"),
        lambda d: d.update(seed="one"),
        lambda d: d.setdefault("workload", {}).update(prompt_tokens=0),
        lambda d: d.setdefault("workload", {}).update(decode_step=20),
        lambda d: d.setdefault("verification", {}).update(timing="optimist"),
    ],
    "hardware": [
        lambda d: d.update(gpus=1),
        lambda d: d.setdefault("gpu", {}).update(copy_engines={"value": "two", "source": "assumed: x"}),
    ],
    "host": [lambda d: d.update(core=1)],
    "study": [
        lambda d: d.update(varry={}),
        lambda d: d.pop("base"),
        lambda d: d.update(vary={}),
        lambda d: d["vary"].update({"workload.batch": {"linaer": [1, 2, 3]}}),
        lambda d: d["vary"].update({"workload.batch": []}),
        lambda d: d.update(objective={"maximise": "x"}),
    ],
    "model": [lambda d: d.update(hf_confg="x.json"), lambda d: d.update(published={"parameters": "13B"})],
}
# A number needs its source, but over a part that has one already.
UNSOURCED = {
    "hardware": [lambda d: d.setdefault("gpu", {}).update(copy_engines=2)],
    "host": [lambda d: d.update(cores=8)],
}
wrong = 0
for kind, files in KINDS.items():
    printed = subprocess.run([fieldsim, "schema", kind], check=True, capture_output=True, text=True)
    schema = json.loads(printed.stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.validators.validator_for(schema)(schema)
    if not files:
        print(f"no {kind} ships")
        wrong += 1
    for path in files:
        document = yaml.safe_load(path.read_text())
        for error in validator.iter_errors(document):
            print(f"{path}: {error.message[:200]}")
            wrong += 1
        unsourced = [] if "extends" in document else UNSOURCED.get(kind, [])
        for number, slip in enumerate(SLIPS[kind] + unsourced):
            broken = copy.deepcopy(document)
            slip(broken)
            if validator.is_valid(broken):
                print(f"{path}: slip {number} of {kind} is accepted")
                wrong += 1
    print(f"{kind}: {len(files)} files")
sys.exit(1 if wrong else 0)
