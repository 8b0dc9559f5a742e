"""Renders one document of tables with affiant, WeasyPrint and typst, in turn, and prints how long each took."""

import html
import json
import pathlib
import re
import subprocess
import sys
import time

place, pages = pathlib.Path(sys.argv[1]), sys.argv[2]
document = json.loads((place / "document.json").read_text())


def tables(sections):
    for section in sections:
        for block in section["blocks"]:
            if isinstance(block, dict) and "Table" in block:
                yield section["heading"], block["Table"]
        yield from tables(section["sections"])


def text(cell):
    return "".join(span["text"] for span in cell["spans"])


def widths(table, share):
    """The widths of the columns: so many points, or a share of the rest in the words of the program."""
    return [f"{column['width']['Points']}pt" if "Points" in column["width"] else share for column in table["columns"]]


def as_html():
    out = ["<!DOCTYPE html><html lang=en><style>@page{size:A4;margin:74pt 54pt 64pt;@bottom-right{content:counter(page)}}"
           "body{font:8.3pt sans-serif}table{border-collapse:collapse;width:100%;table-layout:fixed}td,th{text-align:left;vertical-align:top;"
           "border-bottom:.4pt solid #ccc;padding:3.4pt 4pt;line-height:1.2}</style><body>"]
    for heading, table in tables(document["sections"]):
        out.append(f"<h1>{html.escape(heading)}</h1><table>")
        out.extend(f"<col style=width:{width}>" for width in widths(table, "auto"))
        out.append("<thead><tr>")
        out.extend(f"<th>{html.escape(column['header'])}" for column in table["columns"])
        out.append("</thead><tbody>")
        for row in table["rows"]:
            out.append("<tr>" + "".join(f"<td>{html.escape(text(cell))}" for cell in row["cells"]))
        out.append("</tbody></table>")
    return "".join(out)


def as_typst():
    def escaped(words):
        return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'

    out = ['#set page(paper: "a4", numbering: "1", margin: (top: 74pt, x: 54pt, bottom: 64pt))\n#set text(size: 8.3pt)\n'
           '#set table(inset: (x: 4pt, y: 5.6pt), stroke: (x: none, top: none, bottom: .4pt + luma(80%)))\n']
    for heading, table in tables(document["sections"]):
        head = ",".join(f"text({escaped(column['header'])})" for column in table["columns"])
        out.append(f"#heading({escaped(heading)})\n#table(columns: ({','.join(widths(table, '1fr'))}), table.header({head}),\n")
        for row in table["rows"]:
            out.append(",".join(f"text({escaped(text(cell))})" for cell in row["cells"]) + ",\n")
        out.append(")\n")
    return "".join(out)


(place / "document.html").write_text(as_html())
(place / "document.typ").write_text(as_typst())
ways = {
    "affiant": ["target/release/examples/report", place / "affiant.pdf", pages],
    "typst": [sys.executable, "-c", "import sys, typst; typst.compile(sys.argv[1], output=sys.argv[2])",
              place / "document.typ", place / "typst.pdf"],
    "WeasyPrint": [sys.executable, "-c", "import sys, weasyprint; weasyprint.HTML(sys.argv[1]).write_pdf(sys.argv[2])",
                   place / "document.html", place / "weasyprint.pdf"],
}
rounds = {"affiant": 3, "typst": 3, "WeasyPrint": 1}
best = {}
for turn in range(3):
    for name, command in ways.items():
        if turn < rounds[name]:
            begin = time.monotonic()
            subprocess.run([str(part) for part in command], check=True)
            took = time.monotonic() - begin
            best[name] = min(took, best.get(name, took))
for name in ways:
    info = subprocess.run(["pdfinfo", place / f"{name.lower()}.pdf"], capture_output=True, text=True, check=True).stdout
    count = re.search(r"Pages:\s+(\d+)", info).group(1)
    print(f"{name:12} {best[name]:8.2f} s  {count:>5} pages  {best[name] / best['affiant']:6.1f} x affiant")
