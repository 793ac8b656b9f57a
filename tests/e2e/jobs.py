"""Job files and data of the end-to-end tests, as text: small tables made here, and the samples that come with
the program."""

import csv
import gzip
import io
import random

from harness import PARTIES, ROOT


def places(keys, ports, owners):
    text = ""
    for name, port in zip(PARTIES, ports):
        text += f'[[party]]\nname = "{name}"\naddress = "127.0.0.1:{port}"\nkey = "{keys.get(name, "")}"\n\n'
    for name in owners:
        text += f'[[owner]]\nname = "{name}"\nkey = "{keys.get(name, "")}"\n\n'
    return text


def release(what, to, times=None):
    names = ", ".join(f'"{t}"' for t in to)
    return f'[[release]]\nwhat = "{what}"\nto = [{names}]\npurpose = "a test looks at it"\n' + (
        f"times = {times}\n" if times else ""
    )


# ---- a small table: two numbers, a category, and whether their weighted sum is positive

SMALL_COLUMNS = """label = { name = "sold", type = "binary", values = ["no", "yes"] }
column = [
  { name = "size", type = "number", range = [-1, 1], scaling = "none" },
  { name = "age", type = "number", range = [0, 100] },
  { name = "kind", type = "category", values = ["house", "flat"] },
]
"""


def small_job(
    keys=None,
    ports=(1, 2, 3),
    owners=("north", "south"),
    epochs=3,
    patience=5,
    start_patience=30,
    releases=None,
):
    releases = (
        releases if releases is not None else release("metric", ["everyone"]) + release("model", ["north"])
    )
    return f"""[job]
name = "small"
patience = {patience}
start_patience = {start_patience}

{places(keys or {}, ports, owners)}[data]
partition = "rows"
test_fraction = 0.2
{SMALL_COLUMNS}
[model]
[[model.layer]]
kind = "dense"
units = 4
[[model.layer]]
kind = "relu"
[[model.layer]]
kind = "dense"

[training]
epochs = {epochs}
batch = 32
loss = "binary_cross_entropy"
[training.optimiser]
rate = 0.5

{releases}"""


def small_rows(count, seed=1):
    source = random.Random(seed)
    rows = []
    for _ in range(count):
        size, age, kind = source.uniform(-1, 1), source.randint(0, 100), source.choice(["house", "flat"])
        sold = size + age / 100 - 0.5 + (0.3 if kind == "flat" else -0.3) > 0
        rows.append([f"{size:.4f}", str(age), kind, "yes" if sold else "no"])
    return rows


def small_data(count=200, seed=1):
    return table(["size", "age", "kind", "sold"], small_rows(count, seed))


def table(header, rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


# ---- the samples


def breast_cancer():
    """The header and rows of the sample."""
    with open(ROOT / "examples/data/breast_cancer.csv", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1:]


def digits():
    with gzip.open(ROOT / "examples/data/digits.csv.gz", "rt", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1:]


def dealt(rows, owners):
    """Rows dealt out alternately, as the demo does."""
    return [rows[i::owners] for i in range(owners)]


def held_out(rows, fraction):
    """An owner's test rows: from the end, rounded down."""
    return rows[len(rows) - int(fraction * len(rows)) :]
