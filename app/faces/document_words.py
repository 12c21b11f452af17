"""Words for documents (文书) and their service (送达): refusals, errors of fields, ways, results."""

from __future__ import annotations

from collections.abc import Mapping

from app.faces.translation import Lazy, _l

DOCUMENT_TEXTS: Mapping[str, Lazy] = {
    "document_not_issued": _l("文书 %(number)s 不在已制发状态，不能这样办。"),
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
