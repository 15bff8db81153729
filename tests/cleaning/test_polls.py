"""Polls: the heading, the question and the answers go; a section of the article that is called alike stays."""

import pytest

from tests.cleaning.markup import SENTENCES, cleaned, page, paragraphs

PLAIN = list(SENTENCES)
QUESTION = (
    "Theo bạn, xã nên dùng số tiền vé thu được của hội đua thuyền năm nay vào việc nào trước tiên trong các việc sau?"
)
ANSWERS = {
    "none": "",
    "fields": '<input type="radio" name="a"> Làm cầu mới<br><input type="radio" name="a"> Xây trường',
    "fields and button": '<input type="radio" name="a"> Làm cầu mới<br><input type="radio" name="a"> Xây trường'
    "<button>Gửi</button>",
    "labels": '<form><label><input type="radio" name="a"> Làm cầu mới</label>'
    '<label><input type="radio" name="a"> Xây trường</label></form>',
    "list": "<ul><li>Làm cầu mới</li><li>Xây trường</li></ul>",
}


@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("box", ["{}", "<div>{}</div>"])
def test_a_poll_goes_with_its_question_and_answers(answers, box):
    poll = box.format(f"<h4>Bình chọn</h4><p>{QUESTION}</p>{ANSWERS[answers]}")
    for markup in (page(paragraphs(poll)), page(after=poll)):
        article = cleaned(markup)
        assert article.text.split("\n") == PLAIN
        gone = [one.text for one in article.removed if one.rule == "poll"]
        assert QUESTION in gone
        assert answers == "none" or "Xây trường" in "\n".join(gone)


@pytest.mark.parametrize(
    "section",
    [
        f"<p>{QUESTION}</p><p>{PLAIN[3]}</p>",
        f"<p>{QUESTION}</p><ul><li>{PLAIN[3]}</li><li>{PLAIN[2].replace('hội', 'giải')}</li></ul>",
        f"<p>{PLAIN[3]} {QUESTION}</p>",
    ],
)
def test_a_section_of_the_article_that_begins_with_a_question_stays(section):
    body = "".join(f"<p>{one}</p>" for one in PLAIN[:3])
    text = cleaned(page(f"{body}<h3>Khảo sát</h3>{section}")).text
    assert "Khảo sát" in text
    assert QUESTION in text
    assert PLAIN[3] in text
