"""Words for documents (文书) and their service (送达): refusals, errors of fields, ways, results."""

from __future__ import annotations

from collections.abc import Mapping

from app.faces.translation import Lazy, _l

DOCUMENT_TEXTS: Mapping[str, Lazy] = {
    "document_not_issued": _l("文书 %(number)s 不在已制发状态，不能这样办。"),
    "document_content_changed": _l(
        "%(number)s 所载的决定内容在制发之后有了改动，不能按原文号重新制发。请走更正或者重新办理。"
    ),
    "character_unprintable": _l(
        "文书里有现有字库没有的字：%(characters)s。请把含有这些字的字体放进 %(folder)s，再办一次。"
    ),
    "nothing_to_serve": _l("本案没有可以送达的文书：%(document)s。请先制发。"),
}

DOCUMENT_FIELD_TEXTS: Mapping[str, Lazy] = {
    "service_way_outcome": _l("这种方式与所选的结果不符：公告须选“已发布公告”，期满才视为送达"),
    "service_consent": _l("电子送达须受送达人同意"),
    "service_proof": _l("请先上传送达凭证，再提交"),
    "service_before_issue": _l("不能早于文书制发之日 %(issued)s"),
    "service_before_sent": _l("不能早于送出日期"),
    "service_notice_last": _l("先用其他方式送达并记录未送达；只有下落不明的才可直接公告"),
}

DOCUMENT_STATES: Mapping[str, tuple[Lazy, str]] = {
    "issued": (_l("已制发"), "acc"),
    "served": (_l("已送达"), "ok"),
    "revoked": (_l("已撤销"), "over"),
    "replaced": (_l("已被新版取代"), ""),
}
"""Words and tone of each state."""

SERVICE_WAYS: Mapping[str, Lazy] = {
    "direct": _l("直接送达"),
    "left": _l("留置送达"),
    "entrusted": _l("委托或者转交送达"),
    "post": _l("邮寄送达"),
    "electronic": _l("电子送达"),
    "public_notice": _l("公告送达"),
}

SERVICE_RESULTS: Mapping[str, tuple[Lazy, str]] = {
    "received": (_l("已收到"), "ok"),
    "failed": (_l("未送达"), "soon"),
    "published": (_l("公告中"), "acc"),
    "deemed": (_l("视为送达"), "ok"),
}
"""Words and tone of each result."""
