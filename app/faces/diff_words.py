"""Kinds of difference, elements and their properties in words; what has none keeps its name in the file."""

from __future__ import annotations

from app.faces.translation import Lazy, _l

KIND_WORDS: dict[str, tuple[Lazy, str, str]] = {
    "added": (_l("新增"), "+", "ok"),
    "removed": (_l("删除"), "−", "over"),
    "changed": (_l("修改"), "≠", "soon"),
    "moved": (_l("仅移位"), "↔", ""),
}
"""Word, sign and tone: the sign stands on the canvas too, so that colour is never the only mark."""

TYPE_WORDS: dict[str, Lazy] = {
    "process": _l("流程"),
    "userTask": _l("人工任务"),
    "manualTask": _l("手工任务"),
    "serviceTask": _l("系统任务"),
    "sendTask": _l("发送任务"),
    "receiveTask": _l("接收任务"),
    "scriptTask": _l("脚本任务"),
    "businessRuleTask": _l("规则任务"),
    "callActivity": _l("调用流程"),
    "subProcess": _l("子流程"),
    "startEvent": _l("开始"),
    "endEvent": _l("结束"),
    "intermediateCatchEvent": _l("中间等待事件"),
    "intermediateThrowEvent": _l("中间触发事件"),
    "boundaryEvent": _l("边界事件"),
    "exclusiveGateway": _l("互斥网关"),
    "inclusiveGateway": _l("包容网关"),
    "parallelGateway": _l("并行网关"),
    "eventBasedGateway": _l("事件网关"),
    "sequenceFlow": _l("连线"),
    "lane": _l("泳道"),
    "participant": _l("泳池"),
    "message": _l("消息"),
    "textAnnotation": _l("注释"),
}

PROPERTY_WORDS: dict[str, Lazy] = {
    "name": _l("名称"),
    "type": _l("类型"),
    "documentation": _l("说明"),
    "sourceRef": _l("起点"),
    "targetRef": _l("终点"),
    "attachedToRef": _l("附着于"),
    "default": _l("默认连线"),
    "conditionExpression": _l("条件"),
    "sanshen:name.en": _l("英文名称"),
    "sanshen:duty.kind": _l("职责"),
    "sanshen:duty.signs": _l("签名"),
    "sanshen:duty.persons": _l("须办人数"),
    "sanshen:duty.resets": _l("使先前签名失效"),
    "sanshen:risk": _l("风险等级"),
    "sanshen:clock.ref": _l("时限"),
    "sanshen:clock.action": _l("时限动作"),
    "sanshen:document.ref": _l("文书"),
    "sanshen:rules.set": _l("规则集"),
    "sanshen:effect.kind": _l("效力"),
    "sanshen:effect.requires": _l("效力所需职责"),
    "sanshen:effect.requires-normal": _l("一般风险所需职责"),
    "sanshen:effect.requires-routed": _l("提级所需职责"),
    "sanshen:policy.requires": _l("流程所需职责"),
    "zeebe:assignmentDefinition.candidateGroups": _l("候选岗位"),
    "zeebe:formDefinition.formId": _l("表单"),
    "zeebe:taskDefinition.type": _l("处理程序"),
    "zeebe:taskDefinition.retries": _l("重试次数"),
    "zeebe:calledElement.processId": _l("被调用流程"),
    "zeebe:calledDecision.decisionId": _l("决策表"),
    "zeebe:script.expression": _l("表达式"),
    "zeebe:script.resultVariable": _l("结果变量"),
    "zeebe:ioMapping.input.source": _l("输入来源"),
    "zeebe:ioMapping.input.target": _l("输入变量"),
    "zeebe:ioMapping.output.source": _l("输出来源"),
    "zeebe:ioMapping.output.target": _l("输出变量"),
}


def type_word(name: str) -> str:
    """An element's type."""
    return str(TYPE_WORDS.get(name, name))


def property_word(name: str) -> str:
    """A property's name."""
    return str(PROPERTY_WORDS.get(name, name.removeprefix("sanshen:").removeprefix("zeebe:")))
