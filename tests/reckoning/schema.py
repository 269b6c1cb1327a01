"""The JSON schema of churnhouse.toml as another reader sees it: the template of `init` and the samples are valid,
and what the program refuses is not.

    python tests/reckoning/schema.py CHURNHOUSE, run in the folder of the sources
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema

VALID = ["src/commands/init.toml", "sample_data/telecom/churnhouse.toml", "sample_data/garage/churnhouse.toml"]
REFUSED = [
    "[policy]\nchurn_after = 3",
    '[policy]\nchurned_after = "soon"',
    "[close]\nfirst_month = 2024",
    '[close]\nfirst_month = "2024-13"',
    '[extracts.billing]\npath = "a.csv"\nformat = "pdf"',
    '[extracts.billing]\nencoding = "gbk"',
    '[extracts.billing]\npath = "a.csv"\ncolumns = { amount = { form = "betrag" } }',
    '[[exports]]\nname = "monthly"',
]


def main(program: str) -> int:
    text = subprocess.run([program, "schema"], check=True, capture_output=True, text=True).stdout
    validator = jsonschema.Draft7Validator(json.loads(text))
    validator.check_schema(validator.schema)
    faults = [f"{path}: {error.json_path}: {error.message}" for path in VALID for error in validator.iter_errors(tomllib.loads(Path(path).read_text(encoding="utf-8")))]
    faults += [f"is taken for valid: {text}" for text in REFUSED if validator.is_valid(tomllib.loads(text))]
    for fault in faults:
        print(fault)
    print(f"schema: {len(VALID)} files and {len(REFUSED)} mistakes looked at, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
