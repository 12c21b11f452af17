"""Texts of refusals and of errors in files for the register; `refusal_texts.py` joins them."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

REGISTRY_TEXTS: dict[str, Lazy] = {
    "registry_file_not_found": _l("没有这份导入文件，或者它不在您的辖区。"),
    "registry_purpose_missing": _l("请写明用途：办理的案号，或者至少 %(minimum)s 个字的事由。"),
    "registry_purpose_case_unknown": _l("没有案件 %(case_no)s，或者它不在您的辖区、对您关闭。"),
    "registry_person_elsewhere": _l("这个人登记在别的地区。请用他在您这里的案件的案号作用途。"),
}

REGISTRY_FIELD_TEXTS: dict[str, Lazy] = {
    "file_missing": _l("请选 CSV 文件"),
    "file_too_large": _l("文件最大 %(max)s MB"),
    "file_not_utf8": _l("文件不是 UTF-8 编码，请另存为 UTF-8 的 CSV"),
    "file_not_csv": _l("文件不是 CSV（逗号分隔）"),
    "file_empty": _l("文件里没有数据行"),
    "too_many_lines": _l("一次最多 %(max)s 行，请分成几个文件"),
    "column_unknown": _l("不认识的列：%(names)s"),
    "column_twice": _l("有一列写了两次"),
    "column_missing": _l("缺少列：%(names)s"),
    "registry_nothing_new": _l("这份文件没有要写入的行：都没有变化，或者都被拒绝"),
    "cells_too_many": _l("这一行的格子比表头多"),
    "not_month": _l("请填月份，例如 2026-08"),
    "not_money": _l("请填金额，最多两位小数"),
    "region_out_of_scope": _l("不在您的辖区，或者没有这个区划代码"),
    "in_future": _l("不能晚于今天"),
    "term_too_long": _l("一次聘任最长三年"),
    "line_twice": _l("与文件里另一行说的是同一件事"),
    "row_out_of_scope": _l("登记库里现有的这一条不在您的辖区"),
    "unit_unknown": _l("没有这个参保单位编号"),
    "employer_unknown": _l("没有这个用人单位，请先导入用人单位"),
    "unit_of_another": _l("这个编号属于另一个用人单位或者另一种类"),
    "nothing_known": _l("登记库里没有，请先导入"),
    "nothing_to_void": _l("没有可撤销的"),
    "enrolment_overlaps": _l("与同一单位的另一段参保期间重叠"),
}
