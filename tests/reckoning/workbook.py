"""An export's workbook as another reader sees it: openpyxl finds the sheets, the same values as in the CSV files
beside it, number formats by unit, frozen headers, filters, the charts and what they read.

    python tests/reckoning/workbook.py FOLDER, where FOLDER holds exports/NAME/YYYY-MM/ with NAME.xlsx and the CSV files.
"""

import csv
import sys
from datetime import date, datetime
from pathlib import Path

import openpyxl

FORMATS = {
    "count": ("#,##0", "#,##0.0"),
    "money": ("#,##0", "#,##0.00", "#,##0.0000"),
    "ratio": ("0.00%",),
    "number": ("#,##0", "#,##0.00"),
    "date": ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"),
    "text": ("General",),
}
CHARTS = 6


def main(folder: Path) -> int:
    books = sorted(folder.glob("exports/*/*/*.xlsx"))
    faults = [] if books else [f"no workbook below {folder}/exports"]
    for path in books:
        faults += [f"{path.parent.name}: {fault}" for fault in faults_of(path)]
    for fault in faults[:20]:
        print(fault)
    print(f"{len(books)} workbooks read, {len(faults)} faults")
    return 1 if faults else 0


def faults_of(path: Path) -> list[str]:
    book = openpyxl.load_workbook(path)
    views = sorted(file.stem for file in path.parent.glob("*.csv"))
    expected = {"headline", *views, "definitions"}
    if set(book.sheetnames) != expected or book.sheetnames[0] != "headline" or book.sheetnames[-1] != "definitions":
        return [f"its sheets are {book.sheetnames}"]
    units = {(row[0], row[1]): row[2] for row in book["definitions"].iter_rows(min_row=2, values_only=True)}
    faults = list(headline_faults(book["headline"], path.parent.name))
    for view in views:
        faults += [f"{view}: {fault}" for fault in frame_faults(book[view])]
        faults += [f"{view}: {fault}" for fault in cell_faults(book[view], path.with_name(f"{view}.csv"), units)]
    return faults


def frame_faults(sheet):
    if sheet.freeze_panes != "A2":
        yield f"the header is not frozen: {sheet.freeze_panes}"
    if sheet.auto_filter.ref != sheet.dimensions:
        yield f"the filter is over {sheet.auto_filter.ref} of {sheet.dimensions}"


def cell_faults(sheet, file: Path, units):
    with file.open(newline="", encoding="utf-8") as text:
        header, *lines = csv.reader(text)
    rows = list(sheet.iter_rows())
    if [cell.value for cell in rows[0]] != header or len(rows) - 1 != len(lines):
        yield f"{len(rows) - 1} rows of {[cell.value for cell in rows[0]]} instead of {len(lines)} of {header}"
        return
    for row, line in zip(rows[1:], lines):
        for name, cell, text in zip(header, row, line):
            if not equal(cell.value, text):
                yield f"{name} is {cell.value!r} instead of {text!r}"
            unit = units[(sheet.title, name)]
            if cell.value is not None and cell.number_format not in FORMATS[unit]:
                yield f"{name}, a {unit}, is shown as {cell.number_format}"


def equal(value, text: str) -> bool:
    if value is None or text == "":
        return value is None and text == ""
    if isinstance(value, datetime | date):
        return value.isoformat().startswith(text)
    return str(value) == text if isinstance(value, str) else float(value) == float(text)


def headline_faults(sheet, month: str):
    if sheet["B4"].value != month:
        yield f"the headline is of {sheet['B4'].value}"
    if len(sheet._charts) != CHARTS:
        yield f"it has {len(sheet._charts)} charts"
    for chart in sheet._charts:
        for series in chart.series:
            sheet_name, _, cells = series.val.numRef.f.partition("!")
            values = numbers(sheet[cells.replace("$", "")])
            # The first month of all has no rates: nobody was there before it.
            if sheet_name.strip("'") != sheet.title or not (values or sheet["C5"].value is None):
                yield f"a chart reads {series.val.numRef.f}: {values}"


def numbers(cells) -> list[float]:
    cells = [cell for row in cells for cell in row] if isinstance(cells, tuple) else [cells]
    return [cell.value for cell in cells if isinstance(cell.value, int | float)]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
