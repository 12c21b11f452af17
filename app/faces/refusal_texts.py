"""The one place that puts refusals, duty decisions and field errors into words.

Message ids are the Chinese texts. Every `Refusal` code and every reason of `decide` has an entry (tests
collect them). `%(name)s` takes the refusal's params; a param it does not carry is left empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from app.faces.assessment_words import ASSESSMENT_FIELD_TEXTS, ASSESSMENT_TEXTS
from app.faces.document_words import DOCUMENT_FIELD_TEXTS, DOCUMENT_TEXTS
from app.faces.duty_words import duty_word
from app.faces.fence_words import FENCE_TEXTS
from app.faces.grant_words import explain
from app.faces.process_words import PROCESS_FIELD_TEXTS, PROCESS_TEXTS
from app.faces.recusal_words import CAUSE_WORDS, cause_word
from app.faces.registry_words import REGISTRY_FIELD_TEXTS, REGISTRY_TEXTS
from app.faces.remedies import remedy_of
from app.faces.rule_words import RULE_FIELD_TEXTS, RULE_TEXTS
from app.faces.take_over_words import TAKE_OVER_FIELD_TEXTS, TAKE_OVER_TEXTS
from app.faces.translation import Lazy, _, _l, pick
from app.kernel.duties.refusals import DutyDenied
from app.kernel.grants.refusals import GrantDenied
from app.kernel.refusals import FenceRefused, Refusal

TEXTS: dict[str, Lazy] = {
    **PROCESS_TEXTS,
    **RULE_TEXTS,
    **ASSESSMENT_TEXTS,
    **REGISTRY_TEXTS,
    **TAKE_OVER_TEXTS,
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
    "fence_refused": _l("数据库的职责分离约束拒绝了这一步（%(sqlstate)s）：%(why)s。"),
    "duty_denied": _l("按职责分离规则，您不能办理这项任务。"),
    "gate_closed": _l("还缺%(missing)s的签名，不能作出决定。"),
    "definition_not_found": _l("没有部署这个业务流程：%(key)s。"),
    "login_failed": _l("账号或密码不对。"),
    "login_throttled": _l("尝试太多，请等 %(seconds)s 秒再试。"),
    "account_locked": _l("账号已被管理员锁定，请联系系统管理员。"),
    "session_expired": _l("登录已过期，请重新登录。"),
    "token_invalid": _l("令牌无效：没有给、已撤销、已到期，或者账号不在用。请在“接口令牌”另建一个。"),
    "token_not_found": _l("您的账号没有这个令牌。"),
    "request_unreadable": _l("请求的内容不是 JSON 对象。"),
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
    "recusal_known": _l("%(name)s在本案已有同样的回避记录，见案件页“回避与放行”。"),
    "recusal_not_found": _l("本案没有这条回避记录。"),
    "recusal_ruled": _l("%(name)s已经裁定过这条回避，一条回避只裁定一次。"),
    "recusal_too_late": _l("案件已经办结，不能再回避。有疑问请告诉稽核内控岗。"),
    "recusal_not_recordable": _l("当事人的回避申请由本案的受理、经办人员或者业务主管登记，请转给他们。"),
    "recusal_person_unknown": _l("这个人在本辖区没有岗位，不需要回避。请核对姓名。"),
    "recusal_of_oneself": _l("当事人申请的是您本人回避：请您自己声明回避，或者由别人登记这份申请。"),
    "ruling_not_heads": _l("回避由本辖区或者上级的部门负责人裁定。"),
    "ruling_on_oneself": _l("自己的回避不能自己裁定，请上一级部门负责人裁定。"),
    "interest_known": _l("%(label)s已经申报过，仍然有效。"),
    "interest_not_found": _l("没有这条申报，或者它已经终止。"),
    "interest_not_yours": _l("只有本人和稽核内控岗可以填写回避申报。"),
    "override_not_allowed": _l(
        "规则 %(rule)s 不能放行：只有标明可放行的阻断规则才可以。请改正数据，或者拟否定意见。"
    ),
    "override_known": _l("规则 %(rule)s 的这次命中已经提出过放行，请等裁定结果。"),
    "override_not_found": _l("本案没有这条规则命中，或者没有人对它提出放行。"),
    "override_ruled": _l("%(name)s已经裁定过这次放行。"),
    "override_not_yours": _l("放行由正在办理本案任务的人提出：请先领取并打开任务。"),
    "warning_unexplained": _l("本案有提醒还没有说明理由：%(rules)s。请先在“回避与放行”中逐条说明，再办结。"),
    "hit_not_warning": _l("规则 %(rule)s 的这次命中不需要说明，或者已经说明。"),
    "finding_not_found": _l("没有这条统计发现，或者不在您的辖区。"),
    "finding_not_yours": _l("统计发现由稽核、督办人员处置，涉及本人的由别人处置。"),
    "formulas_missing": _l("这一天没有生效的待遇公式，不能计算。"),
    "finding_disposed": _l("这条统计发现已经处置过了。"),
    "override_of_oneself": _l("自己提出的放行不能自己裁定，换一个账号也不行。请更高岗位的另一人裁定。"),
    "override_not_senior": _l(
        "裁定放行的人，岗位须高于提出人在本业务的全部岗位，并且管辖本案。请找可裁定的人。"
    ),
    "case_not_decided": _l("%(case_no)s还没有作出决定，不能重新办理：请由办理人退回前面的环节。"),
    "case_role_unknown": _l("本业务没有这种重新办理方式。"),
    "case_already_reopened": _l("已有一件这样的案件在办：%(case_no)s。"),
    "case_not_movable": _l("%(case_no)s已经办结，不再移送。"),
    "transfer_target_invalid": _l("请选一个别的地区：%(region)s 不存在，或者案件本来就在那里。"),
    "case_frozen_by_violation": _l(
        "案件有未裁定的职责冲突（第 %(violation)s 号），裁定前不能作出决定。请联系稽核内控岗。"
    ),
    "completion_failed": _l(
        "没有提交：环节“%(step)s”自身出错，已撤销这次提交，记为 %(incident)s 号事件并通知业务主管。您填的内容还在，"
        "改好后再提交。"
    ),
    "incident_not_found": _l("没有 %(incident)s 号事件，或者它不在您的辖区。"),
    "incident_resolved": _l("%(incident)s 号事件已经了结。"),
    "incident_pending": _l(
        "%(incident)s 号事件的自动环节还等着执行，不能了结：请重试；要跳过的，由规则岗位提出案件修正。"
    ),
    "incident_needs_person": _l(
        "%(incident)s 号事件是经办人提交时出的错，后台不能代办：改好后请经办人再提交一次。"
    ),
    "case_on_hold": _l("案件暂停办理，先恢复再重试。"),
    "already_held": _l("%(what)s 已经暂停办理，不用再次暂停。"),
    "hold_not_found": _l("没有这次暂停，或者它已经结束。"),
    "nothing_to_hold": _l("%(what)s 没有可以暂停的：案件已办结，或者没有这个业务、这个版本。"),
    "process_held": _l(
        "本业务暂停办理，现在不能立新案（%(by)s，%(since)s 起：%(why)s）。恢复后登记，收到日期照实填写。"
    ),
    "clock_stopped": _l("这个时限已经结束。"),
    "clock_already_paused": _l("这个时限已经中止。"),
    "clock_not_paused": _l("这个时限没有中止，不能恢复。"),
    "clock_not_extendable": _l("这个时限依法不能延长。"),
    "clock_shift_not_positive": _l("顺延的日数须大于零。"),
    "clock_date_impossible": _l("这个日期不可能。"),
    "clock_already_running": _l("这个时限已经在走。"),
    "clock_not_found": _l("没有这个时限。"),
    "clock_interval_overlaps": _l("这段期间已经扣除或者中止过，不能重复扣除。"),
    "paper_not_awaited": _l("本案现在不等候这项材料。"),
    "paper_too_late": _l("决定已经作出，这项材料不再登记。"),
    "withdrawal_nothing": _l("上一步不能撤回：它已发文书、动了时限、作了决定，或者是几个人共同办的。"),
    "withdrawal_not_own": _l("上一步是%(name)s办的，只能由本人撤回。"),
    "withdrawal_others_acted": _l("%(name)s已经接着办理，不能再撤回。要改请由后手退回。"),
    "consultation_open": _l("还在等%(names)s答复，答复或取消征求后才能提交。"),
    "countersign_disagrees": _l("会签人%(names)s不同意，不能通过，只能退回。"),
    "consultation_not_found": _l("没有找到这项征求，或者它不在您的辖区。"),
    "consultation_closed": _l("这项征求已经答复、取消，或者任务已经办结。"),
    "consultation_repeated": _l("这项任务已经向%(name)s征求过。"),
    "not_consulted": _l("这项征求不是给您的，或者不是您发出的。"),
    "not_a_discussion": _l("现在没有集体讨论，不能汇报。"),
    "change_outdated": _l("变更对象 %(target)s 在编制之后已被改动，没有实施。请退回编制，按现行内容重做。"),
    "change_not_found": _l("这个案件不是受控变更，或者不在您的辖区。"),
    "change_not_editable": _l("变更内容只能由领取并打开编制任务的人修改；计算影响须先打开本变更的任务。"),
    "change_kind_unknown": _l("没有这一类变更：%(kind)s。"),
    "change_without_difference": _l("填的内容与现行的完全相同，没有可变更的。"),
    "grant_denied": _l("按授岗规则，这一步不能办理。"),
    "grant_request_not_found": _l("没有这项岗位申请。"),
    "grant_not_found": _l("没有这个岗位授权，或者它已经结束。"),
    "post_unknown": _l("没有这个岗位或地区。"),
    "identity_act_denied": _l("这一步不由您办理。"),
    "accounts_by_system_admin": _l("人员和账号只由系统管理员管理。"),
    "own_account": _l("不能管理自己的账号，请另一位系统管理员办理。"),
    "doubts_by_supervisors": _l("身份存疑由业务主管、稽核内控岗或系统管理员提出。"),
    "person_not_found": _l("没有这个人。"),
    "doubt_against_itself": _l("请选另一份档案。"),
    "doubt_known": _l("这两份档案已有一条未了结的存疑（第 %(doubt_id)s 号）。"),
    "merge_impossible": _l("这两份档案中有一份已经并入别人，请选并入后的那一份。"),
    "name_invalid": _l("姓名须为 2 到 40 个字，只含文字、间隔号和空格。"),
    "absence_period_invalid": _l("休假起止日期不对：止日不早于起日和今天，最长 %(limit)s 天。"),
    "absence_overlaps": _l("%(starts)s 至 %(ends)s 已登记过，请改日期，或先取消那一次。"),
    "absence_not_found": _l("没有这次休假，或者它已经结束、取消。"),
    "substitution_not_found": _l("没有这项代办，或者它已经办过、结束。"),
    "substitution_period_invalid": _l("代办起止日期不对：不早于今天，止日不早于起日，最长 %(limit)s 天。"),
    "substitution_of_oneself": _l("自己不能代自己办理。"),
    "substitution_post_not_held": _l("%(name)s在这段时间里不一直持有%(post)s，不能请人代办。"),
    "substitution_chain": _l("%(name)s是代%(principal)s办理的，代办不能再转给别人。"),
    "substitution_post_kind": _l("%(post)s不承担办理职责，不用代办；督办由上一级主管承担。"),
    "substitution_excluded": _l("%(name)s持有不相容岗位%(held_post)s（%(rule)s），不能代办。"),
    "substitution_overlaps": _l("这段时间已由%(name)s代办。"),
    "substitution_needless": _l("%(name)s本人就在这个岗位上，不需要代办。"),
    "substitute_absent": _l("%(name)s自己在 %(starts)s 至 %(ends)s 休假。"),
    "substitute_inactive": _l("%(name)s没有可用的账号。"),
    "substitution_approver_involved": _l("本人、代办人和提请人都不能批准这项代办，请另一位主管批准。"),
    "actor_without_person": _l("系统账号不休假，也不请人代办。"),
    "no_higher_office": _l("上级机构也没有在岗的人持有办理这项任务的岗位，不能转办。"),
    "reason_missing": _l("请填写理由。"),
    **DOCUMENT_TEXTS,
}

REASONS: dict[str, Lazy] = {
    "allowed": _l("可以办理"),
    "account_inactive": _l("账号已停用"),
    "platform_holds_no_duty": _l("平台管理岗不办业务"),
    "machine_holds_no_duty": _l("用的是系统账号，系统账号不担任任何职责"),
    "party_of_case": _l("是本案当事人，应当回避"),
    "recused": _l("与本案有利害关系（%(cause)s），应当回避，不能看、不能办"),
    "nothing_to_act_on": _l("没有可办的任务"),
    "post_not_held": _l("不在%(wanted)s岗，不能办理"),
    "absent": _l("%(until)s 以前不在岗，不派新任务"),
    "second_person_required": _l("已办过这项任务，须由另一个人再办"),
    "not_drawn": _l("不是本案抽取的专家，这项任务只由他们本人办理"),
    "not_claimant": _l("没有领取这项任务"),
    "not_supervisor": _l("不是本辖区的业务主管"),
    "reading_needs_claim": _l("未领取本案的任务，不能看卷宗"),
    "conflicting_duty": _l("已是本案%(held)s人，不能%(wanted)s"),
    "conflicting_duty_chain": _l("在关联案件 %(case_no)s 办过%(held)s，不能办本案%(wanted)s"),
    "conflicting_duty_advised": _l("已是本案%(held)s人，按内控建议不宜再%(wanted)s"),
    "recent_party_act": _l("%(days)s 日内在 %(case_no)s 为同一当事人办过%(held)s，不能%(wanted)s"),
    "same_person_required": _l("不能%(wanted)s：这件事须由已办%(held)s的同一人办到底，也不能代人办理"),
    "identity_in_doubt": _l("的身份存疑，查清以前不能办理业务"),
    "posts_in_violation": _l("的两份档案合并后持有不相容的岗位，有一个岗位结束以前不能办理业务"),
    "case_held": _l("现在不能办：%(by)s自 %(since)s 起暂停办理（%(why)s）。这是技术暂停，时限照常计算"),
    "case_frozen": _l("现在不能办：案件有未裁定的职责冲突，裁定以前决定不生效"),
    "tenure_exceeded": _l("自 %(since)s 起连续任这个岗位，超过最长 %(months)s 个月，不能再办"),
    "tenure_reached": _l("自 %(since)s 起连续任这个岗位，已到最长 %(months)s 个月，可以办，但应当轮岗"),
    "leaves_case_unfinishable": _l("办了这一步，本案的%(tight)s就没有人可办；由%(others)s办，本案还能办完"),
    "leaves_case_to_absent": _l("办了这一步，本案的%(tight)s只剩休假的人；由%(others)s办，就不用等"),
    "case_unfinishable_anyway": _l("可以办，但本案的%(tight)s现在就没有人可办，还缺 %(short)s 人"),
}

FIELD_TEXTS: dict[str, Lazy] = {
    **PROCESS_FIELD_TEXTS,
    **RULE_FIELD_TEXTS,
    **ASSESSMENT_FIELD_TEXTS,
    **DOCUMENT_FIELD_TEXTS,
    **REGISTRY_FIELD_TEXTS,
    **TAKE_OVER_FIELD_TEXTS,
    "required": _l("必填"),
    "not_reckoned": _l("还没有测算，先选“重新测算”"),
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
    "slot_unknown": _l("没有这一档，请按参数说明填写档次；不分档的留空"),
    "period_reversed": _l("截止日不能早于起始日"),
    "period_overlaps": _l("与同一档的上一期重叠"),
    "test_value_added": _l("不能新增测试值"),
    "not_a_choice": _l("请从列出的选项里选"),
    "not_a_list": _l("请从列出的选项里选"),
    "not_boolean": _l("请选是或否"),
    "not_text": _l("请填文字"),
    "control_characters": _l("含有看不见的控制字符，请重新输入"),
    "outcome_voted": _l("集体讨论已有表决结果，只能按表决结果签署"),
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
    "too_many_rows": _l("最多 %(max)s 行"),
    "not_of_this_scope": _l("这个范围不用填，请清空"),
    "scope_of_kind": _l("这一类型只能用于任务、案件或者关联案件"),
    "scope_of_minimum": _l("最少人数按案件计，范围请选案件"),
    "duty_in_two_members": _l("同一职责（业务、角色）列在两个成员里，谁也无法遵守"),
    "member_twice": _l("有两行完全相同"),
    "set_without_effect": _l("成员不多于上限 %(max)s 个，这个集约束不了任何人"),
    "post_on_both_sides": _l("同一岗位不能列在两方"),
    "posts_held_together": _l("现在（或将来）有人两方都任：%(names)s。先调整授权"),
    "number_taken": _l("这个编号刚被占用，下一个空号是 %(free)s"),
    "case_decided": _l("案件已办结或已作出决定"),
    "not_lower": _l("只能降低，不能提高"),
    "same_record": _l("两份档案须不同"),
    "record_merged_already": _l("这份档案已并入别人，请选并入后的那一份"),
    "doubt_settled": _l("这条存疑已经了结"),
    "case_unknown": _l("没有这个案号，或者它不在您的辖区"),
    "same_chain": _l("两个案号已在同一条链里"),
    "other_chain": _l("这件案件不在同一条链里"),
    "leaves_and_stays": _l("同一件案件不能既留下又拆出"),
    "violation_settled": _l("这项职责冲突已经裁定，或者不存在"),
    "void_with_redo_only": _l("选“重新办理”时须选作废的办理，其他裁定不选"),
    "version_unknown": _l("没有这个版本"),
    "same_version": _l("与离开的版本相同"),
    "no_cases": _l("这个版本没有在办案件"),
    "too_many_cases": _l("一次最多 %(max)s 件，请分批写明案号"),
    "cases_not_on_version": _l("不在这个版本上，或者没有这个案号：%(names)s"),
    "move_refused": _l("不能这样修正：%(why)s"),
    "act_decided": _l("%(person)s的这次办理已进入决定，不能作废；请另立新案重办"),
}

DUTY_PARAMS = frozenset({"held", "wanted", "duty", "missing", "tight"})
MEGABYTE = 1024 * 1024


def text_of(refusal: Refusal) -> str:
    """The refusal in the reader's language, with its legal ground when it has one."""
    if isinstance(refusal, DutyDenied):
        params = {"wanted": refusal.duty or "", **refusal.params}
        reason = reason_text(refusal.decision.reason, params, scope=refusal.decision.scope)
        message = _("您%(reason)s。", reason=reason) + remedy_of(refusal.decision.reason)
    elif isinstance(refusal, GrantDenied):
        return explain(refusal.decision)
    elif isinstance(refusal, FenceRefused):
        why = FENCE_TEXTS.get(str(refusal.params["sqlstate"]), "")
        message = _filled(TEXTS["fence_refused"], {**refusal.params, "why": why})
    else:
        message = _filled(TEXTS.get(refusal.code, TEXTS["refused"]), _worded(refusal.params))
    if not refusal.ground:
        return message
    return _("%(message)s依据：%(ground)s", message=message, ground=refusal.ground)


def text_of_code(code: str, params: Mapping[str, object]) -> str:
    """What a refusal with this code would say, told before anybody tries."""
    return _filled(TEXTS.get(code, TEXTS["refused"]), _worded(params))


def reason_text(reason: str, params: Mapping[str, object], *, scope: str | None = None) -> str:
    """Why `decide` answered so, without its subject: the page puts 您 or a name before it."""
    key = "conflicting_duty_chain" if reason == "conflicting_duty" and scope == "chain" else reason
    text = _filled(REASONS.get(key, REASONS["nothing_to_act_on"]), _worded(params))
    principal = params.get("principal")
    if principal and reason != "same_person_required":  # it is the principal whom the rule stops
        return _("代%(principal)s办理，而%(principal)s%(reason)s", principal=principal, reason=text)
    return text


def text_of_field(code: str, params: Mapping[str, object]) -> str:
    """A field's error in the reader's language; a refusal may be about one field too."""
    message = FIELD_TEXTS.get(code) or TEXTS.get(code, TEXTS["refused"])
    return _filled(message, _worded(params))


def _worded(params: Mapping[str, object]) -> dict[str, object]:
    """Duty keys among the params become the duties' words, byte limits become megabytes."""
    worded = {key: _listed(key, value) for key, value in params.items()}
    if params.get("cause") in CAUSE_WORDS:
        worded["cause"] = cause_word(str(params["cause"]))
    for key in [key for key in params if key.endswith("_zh")]:
        worded[key[:-3]] = pick(str(params[key]), str(params.get(f"{key[:-3]}_en", "")))
    limit = params.get("limit")
    if isinstance(limit, int) and limit >= MEGABYTE:
        worded["limit"] = f"{limit // MEGABYTE} MB"
    return worded


def _listed(key: str, value: object) -> object:
    """Duty keys as words; several of anything as one text, a few by name."""
    if isinstance(value, (list, tuple)):
        words = [str(_listed(key, one)) for one in value]
        shown = _("、").join(words[:MOST_NAMED])
        return _("%(names)s等 %(n)s 人", names=shown, n=len(words)) if len(words) > MOST_NAMED else shown
    return duty_word(str(value)) if key in DUTY_PARAMS else value


MOST_NAMED = 6


def _filled(message: Lazy, params: Mapping[str, object]) -> str:
    text = str(message)
    return text % defaultdict(str, params) if "%(" in text else text
