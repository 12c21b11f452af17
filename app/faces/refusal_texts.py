"""The one place that puts refusals, duty decisions and field errors into words.

Message ids are the Chinese texts. Every `Refusal` code and every reason of `decide` has an entry (tests
collect them). `%(name)s` takes the refusal's params; a param it does not carry is left empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from app.faces.duty_words import duty_word
from app.faces.translation import Lazy, _, _l
from app.kernel.duties.refusals import DutyDenied
from app.kernel.refusals import Refusal

TEXTS: dict[str, Lazy] = {
    "refused": _l("这一步不能办理。"),
    "invalid_input": _l("有 %(count)s 处填写不对，请改正后再提交。"),
    "case_not_found": _l("没有找到这个案件，或者它不在您的辖区。"),
    "task_not_found": _l("没有找到这项任务，它可能已随案件进入别的环节。"),
    "task_already_claimed": _l("已被%(name)s领取。"),
    "task_not_claimed": _l("请先领取这项任务。"),
    "task_not_opened": _l("请先打开卷宗，再提交意见。"),
    "task_already_completed": _l("这项任务已经办结，没有再提交一次。"),
    "stale_form": _l("您填写期间这项任务有了变化。您填的内容还在，请看过新的情况再提交。"),
    "idempotency_conflict": _l("同一张表单提交了两次不同的内容，只按第一次办理。请回到案件查看结果。"),
    "staff_not_eligible": _l("这位人员不能办理这项任务。"),
    "fence_refused": _l("数据库的职责分离约束拒绝了这一步：同一个人不能兼办本案的这两项职责。"),
    "duty_denied": _l("按职责分离规则，您不能办理这项任务。"),
    "gate_closed": _l("还缺%(missing)s的签名，不能作出决定。"),
    "definition_not_found": _l("没有部署这个业务流程：%(key)s。"),
    "login_failed": _l("账号或密码不对。"),
    "login_throttled": _l("尝试太多，请等 %(seconds)s 秒再试。"),
    "account_locked": _l("账号已被管理员锁定，请联系系统管理员。"),
    "session_expired": _l("登录已过期，请重新登录。"),
    "password_weak": _l("密码太弱：至少 %(minimum)s 位，不要用常见密码，也不要含账号。"),
    "password_wrong": _l("现在的密码不对。"),
    "login_taken": _l("账号 %(login)s 已有人用。"),
    "login_invalid": _l("账号须为 3 到 40 位小写字母、数字、点、横线或下划线。"),
    "person_known": _l("这个证件号已经登记过。"),
    "account_not_found": _l("没有这个账号。"),
    "upload_refused": _l("这个文件不能接收。"),
    "upload_too_large": _l("文件%(name)s太大，上限 %(limit)s。"),
    "upload_type_unknown": _l("文件%(name)s的类型不接受，请传 PDF、JPG、PNG、DOCX 或 XLSX。"),
    "upload_extension_mismatch": _l("文件%(name)s的内容与扩展名不符。"),
    "upload_empty": _l("文件%(name)s是空的。"),
    "upload_macros": _l("文件%(name)s含有宏，请另存为不含宏的文件再传。"),
    "upload_count": _l("一个案件最多 %(limit)s 份材料。"),
    "document_not_issued": _l("文书 %(number)s 不在已制发状态，不能这样办。"),
    "clock_stopped": _l("这个时限已经结束。"),
    "clock_already_paused": _l("这个时限已经中止。"),
    "clock_not_paused": _l("这个时限没有中止，不能恢复。"),
    "clock_not_extendable": _l("这个时限依法不能延长。"),
    "clock_shift_not_positive": _l("顺延的日数须大于零。"),
    "clock_date_impossible": _l("这个日期不可能。"),
    "clock_already_running": _l("这个时限已经在走。"),
    "clock_not_found": _l("没有这个时限。"),
}

REASONS: dict[str, Lazy] = {
    "allowed": _l("可以办理"),
    "account_inactive": _l("账号已停用"),
    "platform_holds_no_duty": _l("平台管理岗不办业务"),
    "party_of_case": _l("是本案当事人，应当回避"),
    "nothing_to_act_on": _l("没有可办的任务"),
    "post_not_held": _l("不在%(wanted)s岗，不能办理"),
    "second_person_required": _l("已办过这项任务，须由另一个人再办"),
    "not_claimant": _l("没有领取这项任务"),
    "not_supervisor": _l("不是本辖区的业务主管"),
    "reading_needs_claim": _l("未领取本案的任务，不能看卷宗"),
    "conflicting_duty": _l("已是本案%(held)s人，不能%(wanted)s"),
    "conflicting_duty_chain": _l("在关联案件 %(case_no)s 办过%(held)s，不能办本案%(wanted)s"),
    "conflicting_duty_advised": _l("已是本案%(held)s人，按内控建议不宜再%(wanted)s"),
}

FIELD_TEXTS: dict[str, Lazy] = {
    "required": _l("必填"),
    "required_for_outcome": _l("选这个结果时必填，请先补齐"),
    "too_short": _l("至少 %(min)s 个字"),
    "too_long": _l("最多 %(max)s%(limit)s 个字"),
    "bad_pattern": _l("格式不对"),
    "not_a_number": _l("请填数字"),
    "not_number": _l("请填数字"),
    "not_integer": _l("请填整数"),
    "number_out_of_range": _l("数字太大"),
    "too_many_digits": _l("最多 %(digits)s 位小数"),
    "too_small": _l("不能小于 %(min)s"),
    "too_large": _l("不能大于 %(max)s"),
    "not_a_date": _l("请填日期，例如 2026-08-27"),
    "not_date": _l("请填日期，例如 2026-08-27"),
    "not_a_datetime": _l("请填日期和时间，例如 2026-08-27 14:20"),
    "not_datetime": _l("请填日期和时间，例如 2026-08-27 14:20"),
    "not_an_option": _l("请从列出的选项里选"),
    "not_a_choice": _l("请从列出的选项里选"),
    "not_a_list": _l("请从列出的选项里选"),
    "not_boolean": _l("请选是或否"),
    "not_text": _l("请填文字"),
    "control_characters": _l("含有看不见的控制字符，请重新输入"),
    "unknown_field": _l("不认识的栏目 %(field)s"),
    "in_the_future": _l("不能晚于今天"),
    "too_long_ago": _l("年份太早，请核对"),
    "not_a_region": _l("请填六位行政区划代码"),
    "id_number_length": _l("身份证号应为 18 位（旧证 15 位）"),
    "id_number_character": _l("身份证号只能是数字，末位可以是 X"),
    "id_number_region": _l("身份证号开头的行政区划代码不存在"),
    "id_number_birth_date": _l("身份证号里的出生日期不可能"),
    "id_number_check_digit": _l("身份证号校验位不对，请核对"),
    "uscc_length": _l("统一社会信用代码应为 18 位"),
    "uscc_character": _l("统一社会信用代码含有不允许的字符"),
    "uscc_check_character": _l("统一社会信用代码校验位不对，请核对"),
    "mobile_character": _l("手机号只能是数字"),
    "mobile_length": _l("手机号应为 11 位"),
    "mobile_prefix": _l("手机号开头不对"),
}

DUTY_PARAMS = frozenset({"held", "wanted", "duty", "missing"})
MEGABYTE = 1024 * 1024


def text_of(refusal: Refusal) -> str:
    """The refusal in the reader's language, with its legal ground when it has one."""
    if isinstance(refusal, DutyDenied):
        params = {"wanted": refusal.duty or "", **refusal.params}
        reason = reason_text(refusal.decision.reason, params, scope=refusal.decision.scope)
        message = _("您%(reason)s。", reason=reason)
    else:
        message = _filled(TEXTS.get(refusal.code, TEXTS["refused"]), _worded(refusal.params))
    if not refusal.ground:
        return message
    return _("%(message)s依据：%(ground)s", message=message, ground=refusal.ground)


def reason_text(reason: str, params: Mapping[str, object], *, scope: str | None = None) -> str:
    """Why `decide` answered so, without its subject: the page puts 您 or a name before it."""
    key = "conflicting_duty_chain" if reason == "conflicting_duty" and scope == "chain" else reason
    return _filled(REASONS.get(key, REASONS["nothing_to_act_on"]), _worded(params))


def text_of_field(code: str, params: Mapping[str, object]) -> str:
    """A field's error in the reader's language; a refusal may be about one field too."""
    message = FIELD_TEXTS.get(code) or TEXTS.get(code, TEXTS["refused"])
    return _filled(message, params)


def _worded(params: Mapping[str, object]) -> dict[str, object]:
    """Duty keys among the params become the duties' words, byte limits become megabytes."""
    worded = {key: duty_word(str(value)) if key in DUTY_PARAMS else value for key, value in params.items()}
    limit = params.get("limit")
    if isinstance(limit, int) and limit >= MEGABYTE:
        worded["limit"] = f"{limit // MEGABYTE} MB"
    return worded


def _filled(message: Lazy, params: Mapping[str, object]) -> str:
    text = str(message)
    return text % defaultdict(str, params) if "%(" in text else text
