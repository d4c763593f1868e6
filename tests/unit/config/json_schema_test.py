"""The JSON Schema and the reader agree: both accept documents/legal, both refuse documents/illegal."""
import json
import pathlib
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-jsonschema python3-yaml)")
    sys.exit(77)


class Loader(yaml.SafeLoader):
    """YAML 1.1 as editors see it, without dates."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

probe, folder = sys.argv[1], pathlib.Path(sys.argv[2])
schema = json.loads(subprocess.run([probe, "schema"], capture_output=True, check=True, text=True).stdout)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)

failures = seen = 0
for kind in ("legal", "illegal"):
    files = sorted((folder / kind).glob("*.yaml"))
    run = subprocess.run([probe, "check", *map(str, files)], capture_output=True, check=True, text=True)
    for path, reader in zip(files, run.stdout.split(), strict=True):
        seen += 1
        errors = [e.message[:200] for e in validator.iter_errors(yaml.load(path.read_text(), Loader))]
        wanted = kind == "legal"
        if (reader == "ok") != wanted or (not errors) != wanted:
            failures += 1
            print(f"{kind}/{path.name}: reader says {reader}, JSON Schema says {errors or 'ok'}")
    if failures:
        print(run.stderr)
print(f"{seen} documents, {failures} disagreements")
sys.exit(1 if failures or seen < 20 else 0)
