"""Right answers whose outputs attack the page that shows them: no point may be lost by it."""

from __future__ import annotations

ANSWER = "def double(x):\n    return 2 * x\n"
SHOW = "from IPython.display import HTML, Latex, Markdown, display\n"


def _showing(what: str) -> str:
    return f"{SHOW}{ANSWER}display({what})\n"


PAGES = {
    "html thirty thousand deep": _showing("HTML('<div>' * 30_000)"),
    "html of unclosed links": _showing("HTML('<a href=http://x>' * 30_000)"),
    "a giant table": _showing("HTML('<table>' + '<tr>' + '<td>x' * 200_000)"),
    "markdown of open brackets": _showing("Markdown('[' * 50_000)"),
    "markdown of link definitions": _showing("Markdown('[a]: b\\n' * 3_000)"),
    "markdown of quotes in quotes": _showing("Markdown('> ' * 10_000)"),
    "markdown of stars": _showing("Markdown('*' * 50_000)"),
    "latex environments that do not end": _showing("Latex('\\\\begin{a}' * 3_000)"),
    "formulas in formulas": _showing("Latex('$' + '\\\\frac{' * 5_000 + '$')"),
    "code of dots": f"{ANSWER}text = '''{'a.' * 15_000}'''\n",
    "one line of code": f"{ANSWER}x = [{'1, ' * 20_000}]\n",
    "ten thousand outputs": f"{SHOW}{ANSWER}for i in range(10_000):\n    display(i)\n",
    "a storm of colours": f"{ANSWER}print('\\x1b[31ma' * 50_000)\n",
    "a picture that is none": _showing("{'image/png': 'x' * 100_000}, raw=True"),
    "a forged score panel": _showing(
        "HTML('<style>*{color:red}</style><h1 class=total id=x-test_double>9 of 9 points</h1>"
        "<img src=https://example.org/x.png><base href=//example.org>')"
    ),
}
