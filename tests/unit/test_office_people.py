"""Lists of an office's people leave out experts, who are drawn and don't keep the office's hours."""

from app.faces.web.office_people import but_drawn
from app.kernel.absences.queries import OfficePerson


def test_an_expert_is_listed_only_for_another_post() -> None:
    expert = OfficePerson(1, "白雪琴", "bai xue qin", (("as_expert", "640100"), ("as_expert", "640000")))
    both = OfficePerson(2, "蔡静", "cai jing", (("as_expert", "640100"), ("as_handler", "640100")))
    clerk = OfficePerson(3, "郝秋菊", "hao qiu ju", (("as_clerk", "640100"),))
    assert but_drawn([expert, both, clerk]) == [both, clerk]
