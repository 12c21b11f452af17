"""What made-up officers write at each step."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

OPINIONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("p01_02_material_check", "complete"): (
        "申请表、劳动关系证明、诊断证明齐全，属本机关管辖。",
        "材料齐全，未发现重复申请。",
    ),
    ("p01_02_material_check", "incomplete"): (
        "缺劳动关系证明材料，一次性告知补正。",
        "劳动合同缺签章页，请补正后再审。",
    ),
    ("p01_06_accept", "accept"): ("同意受理。", "符合受理条件，予以受理。"),
    ("p01_07_assign", "assigned"): ("已核查回避情形，请经办岗办理。", "无回避情形，交经办岗。"),
    ("p01_08_choose_procedure", "ordinary"): (
        "事实需调查核实，适用普通程序。",
        "适用普通程序，请两名以上人员调查。",
    ),
    ("p01_08_choose_procedure", "simple"): (
        "事实清楚、双方无争议，适用简易程序。",
        "用人单位认可，适用简易程序。",
    ),
    ("p01_10_investigation", "done"): (
        "询问笔录与病历相互印证。",
        "现场与考勤记录已核，经过属实。",
        "已询问两名同班人员，说法一致。",
    ),
    ("rb2_initial_review", "submit_positive"): (
        "要件齐备，拟认定为工伤。",
        "工作时间、场所、原因均有证据，拟予认定。",
    ),
    ("rb2_initial_review", "submit_negative"): (
        "不具备规定情形，拟不予认定。",
        "证据不能证明系因工作原因，拟不予认定。",
    ),
    ("rb3_recheck", "agree"): ("核对无误，同意初审意见。", "身份、证据、依据均已核对，同意。"),
    ("rb3_recheck", "return"): (
        "诊断时间与病历首页不一致，请核对后重报。",
        "责任单位全称与营业执照不符，请更正。",
    ),
    ("rb4_risk_review", "agree"): (
        "参保登记时间已向经办机构核实，不影响认定，同意。",
        "已逐条核对风险提示，同意。",
    ),
    ("rb5_final_review", "approve"): ("同意。", "同意，请制发决定书。"),
    ("rb5_final_review", "return"): ("事故经过与考勤记录不符，请重新核实后报送。",),
    ("sv1_serve", "served"): ("已签收。", "送达回证已收回。"),
}


def opinion(rng: random.Random, step: str, outcome: str, facts: Mapping[str, Any]) -> str:
    """An opinion that fits the step and its outcome."""
    said = rng.choice(OPINIONS[step, outcome])
    return said if step != "p01_10_investigation" else f"{facts['worker_name']}案：{said}"
