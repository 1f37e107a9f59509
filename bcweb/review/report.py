"""An evaluation as one HTML file that opens anywhere, and as a table.

The file holds its style and its pictures (SVG), no script and no address of another host. Of a case it
tells the data set and the name, never where a file lies.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from html import escape

from bcweb.names import harmless
from bcweb.review import agreement_wording, plots, wording
from bcweb.review.comparison import Comparison, Pair
from bcweb.review.evaluation import Evaluation, Scored
from bcweb.review.wording import Cell, Difference, Line, Section
from bcweb.scores import CaseScore, score_cells
from bcweb.tables import write_rows

_LISTED = 30
_TEXTS = ("dataset", "id", "group", "label")  # of a case, as its data set has them

TRUTH_WORDS = {
    "imported": "as it was imported",
    "reader": "the readers' masks where there are any, else as it was imported",
}

_CSS = """
:root { color-scheme: light dark; --bg: #fff; --fg: #1a1d21; --muted: #5c646e; --line: #d5d9de; --accent: #1663b8; --caution: #8a5a00; --raised: #f4f5f7; }
@media (prefers-color-scheme: dark) { :root { --bg: #131518; --fg: #e4e7eb; --muted: #98a1ac; --line: #333941; --accent: #6fb1ff; --caution: #ffcf7a; --raised: #1b1e22; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 20px 80px; max-width: 1180px; background: var(--bg); color: var(--fg); font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 36px 0 8px; } h3 { font-size: 14px; margin: 16px 0 4px; }
h1, h2, p, dd, td:nth-child(2) { overflow-wrap: anywhere; }
p { margin: 0 0 8px; max-width: 80ch; } .quiet, small { color: var(--muted); } .caution { color: var(--caution); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 12px 0; } .facts dt { color: var(--muted); } .facts dd { margin: 0; }
.headline { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 16px 20px; margin: 20px 0; padding: 0; list-style: none; }
.headline b { display: block; font-size: 24px; font-weight: 600; line-height: 1.2; } .headline small { display: block; min-height: 1.45em; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 16px; } figure { margin: 0; } figcaption { color: var(--muted); font-size: 12px; }
svg { width: 100%; height: auto; display: block; } svg line { stroke: var(--line); stroke-width: 1; } svg text { fill: var(--muted); font-size: 11px; }
.end { text-anchor: end; } .middle { text-anchor: middle; } .bar { fill: var(--accent); } .bar:hover { fill: var(--fg); }
.dot { fill: var(--accent); fill-opacity: 0.55; } .dot:hover { fill: var(--fg); fill-opacity: 1; } .hollow { fill: none; stroke: var(--muted); pointer-events: all; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; } th, td { padding: 4px 0 4px 16px; text-align: right; font-weight: 400; vertical-align: baseline; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; } thead th { color: var(--muted); font-size: 12px; vertical-align: bottom; } tbody tr { border-top: 1px solid var(--line); }
tbody .title th { color: var(--muted); font-size: 12px; padding-top: 14px; } td small { display: block; font-size: 11px; }
.names td:nth-child(-n + 3), .names th:nth-child(-n + 3) { text-align: left; } .names td:nth-child(2) { white-space: normal; min-width: 90px; } .narrow { width: auto; } .better { color: var(--accent); } .worse { color: var(--caution); } .sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 0 32px; }
.parts td:nth-child(2), .parts th:nth-child(2) { text-align: left; }
.term { cursor: help; border-radius: 3px; } th .term, dt .term, .name .term { text-decoration: underline dotted var(--muted); text-underline-offset: 3px; }
.why { display: none; position: fixed; z-index: 1; left: 50%; bottom: 12px; transform: translateX(-50%); width: min(640px, calc(100vw - 24px)); padding: 10px 14px; border: 1px solid var(--line); border-radius: 8px; background: var(--raised); color: var(--fg); font-size: 13px; font-weight: 400; text-align: left; white-space: normal; box-shadow: 0 6px 24px rgb(0 0 0 / 35%); }
.term:hover .why, .term:focus .why { display: block; } :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.meanings { display: grid; grid-template-columns: minmax(110px, max-content) 1fr; gap: 6px 18px; } .meanings dt { font-weight: 600; } .meanings dd { margin: 0; max-width: 80ch; }
footer { margin-top: 40px; color: var(--muted); font-size: 12px; }
@media (max-width: 600px) { body { padding: 16px 12px 80px; } .meanings, .facts { grid-template-columns: 1fr; gap: 0; } .meanings dd, .facts dd { margin-bottom: 8px; } }
@media print { .why { display: none !important; } .wide { overflow: visible; } body { max-width: none; } section { break-inside: avoid-page; } }
"""


def html(
    evaluation: Evaluation, comparison: Comparison | None = None, at: datetime | None = None
) -> str:
    """The report. comparison: of `evaluation` with another revision; at: when it was made (now)."""
    figures = evaluation.figures
    at = at or datetime.now(UTC)
    facts = [
        ("Weights", f"{evaluation.revision} ({evaluation.modality})"),
        ("Truth", TRUTH_WORDS[evaluation.truth]),
        ("Made", f"{at:%Y-%m-%d %H:%M} UTC"),
    ]
    if comparison:
        facts.insert(1, ("Compared with", comparison.second))
    title = f"Evaluation of {evaluation.project}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        _definitions("facts", facts),
        *(f"<p>{escape(said)}</p>" for said in wording.about(figures)),
        _headline(evaluation),
        _plots(evaluation),
        _table(wording.sections(figures)),
        _comparison(comparison) if comparison else "",
        *map(_readers, agreement_wording.tables(figures)),
        _worst(evaluation),
        _meanings(),
        "<footer>Made by bcweb. Research software. Not a medical device, and not for diagnosis.</footer>",
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body>\n</html>\n"
    )


def table(evaluation: Evaluation, comparison: Comparison | None = None) -> str:
    """CSV: one line a case, first the columns of `bcweb.scores.write_scores`, which are of the mask that is here.

    headline_dice is the Dice of `Scored.headline`, the one that the page shows as a result: of a case that these weights
    have seen the one out of fold, and empty where there is none. With a comparison the last columns have the other
    revision's and the difference of the two, empty for cases that are not compared. After these are columns with the Dice
    of each two readers' masks, where both left one. Cases without a score are there with the reason as their error. A text
    that a spreadsheet would run is behind an apostrophe (see `bcweb.names.harmless`), and it begins with a byte order mark,
    without which Excel garbles all names but English ones.
    """
    names = [
        *(field.name for field in fields(CaseScore)),
        "how", "share_of_image", "uncertainty", "decision", "truth", "headline_dice",
    ]  # fmt: skip
    if comparison:
        names += ["other_revision", "other_dice", "difference"]
    pairs = {pair.case.id: pair for pair in comparison.pairs} if comparison else {}
    agreed = [
        {(one.dataset, one.case): one.readers.dice for one in pair.shared}
        for pair in evaluation.readers
    ]
    text = io.StringIO()

    def write(score: CaseScore, more: Sequence[str] = ()) -> None:
        texts = {name: harmless(getattr(score, name)) for name in _TEXTS}
        cells = [*score_cells(replace(score, **texts)), *more]
        of_readers = [_number(dice.get(score.key)) for dice in agreed]
        write_rows(text, [[*cells, *[""] * (len(names) - len(cells)), *of_readers]])

    titles = [harmless(f"dice of {pair.first} and {pair.second}") for pair in evaluation.readers]
    write_rows(text, [[*names, *titles]])
    for case in evaluation.cases:
        more = [
            case.how, _number(case.share), _number(case.uncertainty), case.decision or "",
            "reader" if case.by_reader else "imported",
            _number(case.headline.dice if case.headline else None),
        ]  # fmt: skip
        if pair := pairs.get(case.id):
            more += [comparison.second, _number(pair.second.dice), _number(pair.difference)]
        write(case.score, more)
    for score in evaluation.left:
        write(score)
    return "\ufeff" + text.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


# --- parts of the report


def _term(text: str, why: str, in_tab_order: bool = False, name: str = "") -> str:
    """Text whose meaning shows on hover and focus. name: of the figure, for who reads the file by program."""
    place = "0" if in_tab_order else "-1"
    marked = f' data-figure="{escape(name)}"' if name else ""
    return (
        f'<span class="term" tabindex="{place}"><span{marked}>{escape(text)}</span>'
        f'<span class="why" role="tooltip">{escape(why)}</span></span>'
    )


def _definitions(kind: str, rows: Iterable[tuple[str, str]]) -> str:
    inside = "".join(f"<dt>{escape(term)}</dt><dd>{escape(said)}</dd>" for term, said in rows)
    return f'<dl class="{kind}">{inside}</dl>'


def _why(cell: Cell) -> str:
    meaning = wording.BY_KEY[cell.key].meaning
    rest = [cell.over, cell.why or (wording.INTERVAL if cell.interval else "")]
    return " ".join(part for part in (meaning, *rest) if part)


def _headline(evaluation: Evaluation) -> str:
    if not evaluation.cases:
        return ""
    if not evaluation.headline:
        return (
            '<section><h2>Headline</h2><p class="caution">These weights were trained on every case that has '
            "a score, and carry none out of fold: there is no result to show.</p></section>"
        )
    items = "".join(
        f'<li><span class="name">{_term(wording.BY_KEY[cell.key].name, _why(cell), True)}</span>'
        f"<b>{_term(cell.value, _why(cell), False, f'headline.{cell.key}')}</b>"
        f"<small>{escape(cell.interval)}</small></li>"
        for cell in wording.headline(evaluation.figures)
    )
    title = f"Headline{' (boxes)' * wording.of_boxes(evaluation.figures)}"
    return f'<section><h2>{title}</h2><ul class="headline">{items}</ul></section>'


def _plots(evaluation: Evaluation) -> str:
    lesion = [c for c in evaluation.cases if c.score.lesion and c.id not in evaluation.apart]
    told = [case for case in lesion if case.headline is not None]
    if not lesion:
        return ""
    sized = [_dot(case, case.share) for case in lesion if case.share]
    unsure = [_dot(c, c.uncertainty) for c in lesion if c.uncertainty is not None and _by_mask(c)]
    figures = []
    if told:
        figures.append((plots.histogram([c.headline.dice for c in told]), "Dice of lesion images."))
    rings = " Rings: seen in training, not a result." if len(told) < len(lesion) else ""
    figures.append((plots.by_size(sized), f"Small lesions to the left.{rings}"))
    if unsure:
        said = wording.correlation(evaluation.figures["uncertainty"])
        figures.append((plots.by_uncertainty(unsure), f"{said}{rings}"))
    drawn = "".join(
        f"<figure>{svg}<figcaption>{escape(said)}</figcaption></figure>" for svg, said in figures
    )
    return f'<section><h2>Cases</h2><div class="plots">{drawn}</div></section>'


def _by_mask(case: Scored) -> bool:
    """Whether the Dice shown is that of the mask that the uncertainty is of."""
    return not case.score.seen or case.carried is None


def _dot(case: Scored, x: float) -> plots.Dot:
    score = case.headline or case.score
    return plots.Dot(x, score.dice, case.headline is None, f"{score.id}: Dice {score.dice:.3f}")


def _table(sections: Sequence[Section]) -> str:
    heads = "".join(
        f'<th scope="col">{_term(metric.name, metric.meaning, True)}</th>'
        for metric in wording.COLUMNS
    )
    bodies = "".join(_body(section) for section in sections)
    return (
        '<section><h2>By group of cases</h2><div class="wide" tabindex="0" role="region" '
        'aria-label="Figures by group of cases"><table><thead><tr><td></td><th scope="col">Images</th>'
        f"{heads}</tr></thead>{bodies}</table></div></section>"
    )


def _body(section: Section) -> str:
    columns = len(wording.COLUMNS) + 2
    rows = [f'<tr class="title"><th colspan="{columns}">{escape(section.title)}</th></tr>']
    for line in section.lines:
        place = f"{line.only[0]}.{line.only[1]}" if line.only else "all"
        cells = "".join(
            f"<td>{_term(cell.value, _why(cell), bool(cell.why), f'{place}.{cell.key}')}"
            f"<small>{escape(cell.interval)}</small></td>"
            for cell in line.cells
        )
        images = _term(line.images, line.groups)
        rows.append(f'<tr><th scope="row">{escape(line.name)}</th><td>{images}</td>{cells}</tr>')
    return f"<tbody>{''.join(rows if section.title else rows[1:])}</tbody>"


def _comparison(comparison: Comparison) -> str:
    figures = comparison.figures
    first, second = escape(comparison.first), escape(comparison.second)
    rows = "".join(_difference_row(row) for row in wording.differences(figures))
    said = [wording.compared(figures)]
    if figures["left_out"]:
        said.append(f"Left out: {wording.reasons(figures['left_out'])}.")
    if changed := wording.changed(figures):
        said.append(changed)
    lists = "".join(
        _pair_list(title, pairs)
        for title, pairs in (
            ("Better with the first", comparison.better),
            ("Worse with the first", comparison.worse),
        )
    )
    tables = (
        '<div class="wide" tabindex="0" role="region" aria-label="Differences"><table class="narrow"><thead><tr><td></td>'
        f'<th scope="col">{first}</th><th scope="col">{second}</th>'
        f'<th scope="col">{_term("Difference", wording.DIFFERENCE, True)}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f"{_parts(comparison)}"
        f'<div class="sides">{lists}</div>'
    )
    return (
        f"<section><h2>{first} beside {second}</h2>"
        f"{''.join(f'<p>{escape(text)}</p>' for text in said)}{tables if rows else ''}</section>"
    )


def _parts(comparison: Comparison) -> str:
    """The differences by group of cases."""
    parts = wording.parts(comparison.figures)
    if not parts:
        return ""
    first, second = escape(comparison.first), escape(comparison.second)
    bodies = "".join(
        f'<tbody><tr class="title"><th colspan="6">{escape(part.title)}</th></tr>'
        + "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(row.name)}</td><td>{_term(row.images, row.over)}</td>'
            f"{_both(row, f'beside.{part.kind}.{name}.')}</tr>"
            for name, row in part.lines
        )
        + "</tbody>"
        for part in parts
    )
    return (
        f"<h3>{wording.PARTS}</h3><p>{wording.MANY}</p>"
        f'<div class="wide" tabindex="0" role="region" aria-label="Differences by group of cases"><table class="narrow parts">'
        f'<thead><tr><td></td><th scope="col">Figure</th><th scope="col">Images</th><th scope="col">{first}</th>'
        f'<th scope="col">{second}</th><th scope="col">{_term("Difference", wording.DIFFERENCE, True)}</th></tr></thead>'
        f"{bodies}</table></div>"
    )


def _readers(told: agreement_wording.Told) -> str:
    heads = "".join(
        f'<th scope="col">{_term(metric.name, metric.meaning, True)}</th>'
        for metric in told.columns
    )
    meanings = {metric.key: metric.meaning for metric in told.columns}

    def cell(line: Line, one: Cell) -> str:
        why = " ".join(
            part for part in (meanings[one.key], one.over, one.why or wording.INTERVAL) if part
        )
        shown = _term(one.value, why, bool(one.why), f"readers.{line.name}.{one.key}")
        return f"<td>{shown}<small>{escape(one.interval)}</small></td>"

    rows = "".join(
        f'<tr><th scope="row">{escape(line.name)}</th><td>{_term(line.images, line.groups)}</td>'
        f"{''.join(cell(line, one) for one in line.cells)}</tr>"
        for line in told.lines
    )
    title = f"{agreement_wording.TITLE}: {told.title}"
    table = (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title)}"><table class="narrow"><thead><tr><td></td>'
        f'<th scope="col">Cases</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
    return (
        f"<section><h2>{escape(title)}</h2>"
        f"{''.join(f'<p>{escape(said)}</p>' for said in told.said)}{table if rows else ''}</section>"
    )


def _difference_row(row: Difference) -> str:
    return f'<tr><th scope="row">{_term(row.name, _why_so(row), True)}</th>{_both(row)}</tr>'


def _both(row: Difference, place: str = "") -> str:
    """The cells of both figures and their difference."""
    why = _why_so(row)
    verdict = f' <span class="{row.verdict}">{row.verdict}</span>' if row.verdict else ""
    return (
        f"<td>{_term(row.first, why, False, f'{place}first.{row.key}')}</td>"
        f"<td>{_term(row.second, why, False, f'{place}second.{row.key}')}</td>"
        f"<td>{_term(row.difference, why, False, f'{place}difference.{row.key}')}{verdict}"
        f"<small>{escape(row.interval)}</small></td>"
    )


def _why_so(row: Difference) -> str:
    return " ".join(part for part in (row.meaning, row.over, row.why) if part)


def _pair_list(title: str, pairs: Sequence[Pair]) -> str:
    rows = "".join(
        f"<tr><td>{escape(pair.first.dataset)}</td><td>{escape(pair.first.id)}</td>"
        f"<td>{escape(pair.first.label)}</td><td>{_dice(pair.first)}</td>"
        f"<td>{_dice(pair.second)}</td><td>{wording.change(pair.difference)}</td></tr>"
        for pair in pairs[:_LISTED]
    )
    more = len(pairs) - _LISTED
    rest = f'<p class="quiet">{more:,} more are in the CSV.</p>' if more > 0 else ""
    head = _head("Data set", "Case", "Label", "First", "Second", "Difference") if pairs else ""
    return (
        f'<div><h3>{title}: {len(pairs):,}</h3><div class="wide"><table class="names">{head}'
        f"<tbody>{rows}</tbody></table></div>{rest}</div>"
    )


def _worst(evaluation: Evaluation) -> str:
    worst = sorted(evaluation.outlined, key=lambda case: (case.headline.dice, case.headline.key))
    if not worst:
        return ""
    rows = "".join(
        f"<tr><td>{escape(case.score.dataset)}</td><td>{escape(case.score.id)}</td>"
        f"<td>{escape(case.score.label)}</td><td>{_dice(case.headline)}</td>"
        f"<td>{wording.share(case.share)}</td></tr>"
        for case in worst[:_LISTED]
    )
    head = _head("Data set", "Case", "Label", "Dice", "Share of the image")
    return (
        f"<section><h2>The {min(_LISTED, len(worst))} lowest Dice</h2>"
        f'<div class="wide"><table class="names">{head}<tbody>{rows}</tbody></table></div></section>'
    )


def _dice(score: CaseScore) -> str:
    said = wording.dice(score)
    return said if score.lesion else _term(said, wording.CLEAR)


def _head(*names: str) -> str:
    cells = "".join(f'<th scope="col">{name}</th>' for name in names)
    return f"<thead><tr>{cells}</tr></thead>"


def _meanings() -> str:
    rows = [(metric.name, metric.meaning) for metric in wording.BY_KEY.values()]
    return (
        f"<section><h2>What it means</h2>{_definitions('meanings', rows + wording.MORE)}</section>"
    )
