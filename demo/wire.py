"""What the demo's smaller sites share: the stories they print, and the plain markup they print them in."""

from functools import lru_cache

from demo.markup import attribute, text
from demo.stories import Bullets, Document, Heading, Paragraph, Picture, Story, stories


@lru_cache
def wire() -> tuple[Story, ...]:
    """Thirty-one stories in Vietnamese, no slug twice: the notes, then the portal's and the paper's."""
    return (*stories("notes"), *stories("portal"), *stories("paper"))


def body(story: Story) -> str:
    """The lead and the blocks of `story`, each an element of its own."""
    out = [f"<p><b>{text(story.lead)}</b></p>"]
    for block in story.blocks:
        match block:
            case Paragraph(line):
                out.append(f"<p>{text(line)}</p>")
            case Heading(line):
                out.append(f"<h3>{text(line)}</h3>")
            case Bullets(items):
                out.append("<ul>" + "".join(f"<li>{text(item)}</li>" for item in items) + "</ul>")
            case Picture(name, caption, _, alt):
                image = f'<img src="/media/{name}.png" alt="{attribute(alt or caption)}">'
                out.append(f"<figure>{image}<figcaption>{text(caption)}</figcaption></figure>")
            case Document(file, name):
                out.append(f'<p><a href="/uploads/{file}">{text(name)}</a></p>')
    return "\n".join(out)


def document(title: str, main: str, *, head: str = "", language: str = "vi") -> str:
    """A whole page around `main`; `head` goes into the head."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{text(title)}</title>{head}</head>\n<body>{main}</body></html>\n"
    )


def items(linked: dict[str, str]) -> str:
    """A list's items: links to paths, named by titles."""
    return "".join(
        f'<li class="item"><a href="{attribute(path)}">{text(title)}</a></li>' for path, title in linked.items()
    )
