#!/usr/bin/env python3
"""Makes the sample data under examples/data/ and tests/data/ from the published files.

  tools/make_sample_data.py --sklearn DIR --adult FILE --credit FILE

DIR is scikit-learn's folder of data sets (in Debian's python3-sklearn:
/usr/lib/python3/dist-packages/sklearn/datasets/data), the others are UCI's Adult with a header line
(adult.data) and default of credit card clients as CSV (UCI_Credit_Card.csv). Each may be left out. The output
is the same at every run, so that its SHA-256 can be stated; the gzip file also depends on zlib.
"""

import argparse
import csv
import gzip
import io
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARTS = ["radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
         "concave_points", "symmetry", "fractal_dimension"]


def write_gzip(path, text):
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=9, mtime=0) as out:
        out.write(text.encode())
    path.write_bytes(packed.getvalue())


def digits(folder, out):
    """64 pixels of 0 to 16 and the digit; only a header line is added."""
    rows = gzip.decompress((folder / "digits.csv.gz").read_bytes()).decode().splitlines()
    names = [f"p{y}{x}" for y in range(8) for x in range(8)] + ["digit"]
    assert len(rows) == 1797 and all(row.count(",") == 64 for row in rows)
    write_gzip(out / "digits.csv.gz", "\n".join([",".join(names)] + rows) + "\n")


def breast_cancer(folder, out):
    """Ten measures, each as mean, error and worst; the target 0 is written malignant, 1 benign."""
    lines = list(csv.reader((folder / "breast_cancer.csv").read_text().splitlines()))
    assert lines[0] == ["569", "30", "malignant", "benign"] and len(lines) == 570
    names = [f"mean_{p}" for p in PARTS] + [f"{p}_error" for p in PARTS] + [f"worst_{p}" for p in PARTS]
    with open(out / "breast_cancer.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names + ["diagnosis"])
        for row in lines[1:]:
            writer.writerow(row[:30] + [lines[0][2 + int(row[30])]])


def first_lines(source, line_end, count, out):
    """The header and the first rows byte for byte; the last row keeps its line end if its source has one."""
    lines = source.read_bytes().split(line_end)
    out.write_bytes(line_end.join(lines[: count + 1]) + (line_end if line_end == b"\n" else b""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--sklearn", "--adult", "--credit"):
        parser.add_argument(name, type=pathlib.Path)
    given = parser.parse_args()
    if given.sklearn:
        digits(given.sklearn, ROOT / "examples/data")
        breast_cancer(given.sklearn, ROOT / "examples/data")
    if given.adult:
        first_lines(given.adult, b"\n", 200, ROOT / "tests/data/adult.csv")
    if given.credit:
        first_lines(given.credit, b"\r", 150, ROOT / "tests/data/credit.csv")


if __name__ == "__main__":
    main()
