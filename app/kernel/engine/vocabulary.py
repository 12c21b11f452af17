"""Names of the dialect: namespaces and what of BPMN is run, drawn only, or refused."""

from collections.abc import Mapping
from typing import Final

from app.kernel.duties.vocabulary import DUTIES as DUTIES

BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE: Final = "http://camunda.org/schema/zeebe/1.0"
SANSHEN: Final = "urn:sanshen:bpmn:1"
# In the id of every node that the normal form adds, and in no id of a file.
ADDED: Final = "~"
NAMES: Final = {"bpmn": BPMN, "zeebe": ZEEBE, "sanshen": SANSHEN}

TASKS: Final = frozenset(
    {"userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask"}
)
GATEWAYS: Final = frozenset({"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway"})
CONDITIONAL: Final = frozenset({"exclusiveGateway", "inclusiveGateway"})
EVENTS: Final = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
ACTIVITIES: Final = TASKS | {"callActivity", "subProcess"}
FLOW_NODES: Final = ACTIVITIES | GATEWAYS | EVENTS

# Kinds that only a file made elsewhere may have: each is read as one of those above, or refused.
FOREIGN_NODES: Final = frozenset({"task", "transaction", "adHocSubProcess", "complexGateway"})

# Steps with a handler, which may end with a declared error.
RAISING: Final = frozenset({"serviceTask", "sendTask", "businessRuleTask"})
AUTOMATIC: Final = RAISING | {"scriptTask"}

# What each event may wait for or throw. Everything else the library drops silently or runs wrongly.
_DEFINED: Final = {
    "startEvent": "message timer",
    "endEvent": "message signal error escalation terminate",
    "intermediateCatchEvent": "message timer signal conditional link",
    "intermediateThrowEvent": "message signal escalation link",
    "boundaryEvent": "message timer signal conditional error escalation",
}
EVENT_DEFINITIONS: Final[dict[str, frozenset[str]]] = {
    event: frozenset(f"{kind}EventDefinition" for kind in kinds.split()) for event, kinds in _DEFINED.items()
}
# The start of an event sub-process catches what a boundary event does.
HANDLED: Final = EVENT_DEFINITIONS["boundaryEvent"]
WAITS_FOR_SOMETHING: Final = frozenset({"intermediateCatchEvent", "boundaryEvent"})

# Drawn for the reader, taken out before the library parses: none of these moves a token.
DECORATION: Final = frozenset(
    {
        "association",
        "auditing",
        "category",
        "collaboration",
        "correlationProperty",
        "correlationSubscription",
        "dataInputAssociation",
        "dataObject",
        "dataObjectReference",
        "dataOutputAssociation",
        "dataStore",
        "dataStoreReference",
        "group",
        "ioSpecification",
        "monitoring",
        "property",
        "textAnnotation",
    }
)
# How often an activity is done: read by us, taken out before the library parses.
LOOPS: Final = frozenset({"multiInstanceLoopCharacteristics", "standardLoopCharacteristics"})
STRUCTURE: Final = frozenset(
    {"documentation", "extensionElements", "incoming", "laneSet", "outgoing", "sequenceFlow"}
)

REFERENCES: Final[tuple[tuple[str, str, str], ...]] = (
    ("messageEventDefinition", "messageRef", "message"),
    ("sendTask", "messageRef", "message"),
    ("receiveTask", "messageRef", "message"),
    ("errorEventDefinition", "errorRef", "error"),
    ("escalationEventDefinition", "escalationRef", "escalation"),
    ("signalEventDefinition", "signalRef", "signal"),
)

RISK_TITLES: Final = {"normal": "一般", "high": "高风险", "routed": "提级"}
RISK_CLASSES: Final = tuple(RISK_TITLES)
SIGNING_DUTIES: Final = frozenset(
    {"initial_review", "recheck", "risk_review", "final_review", "final_review_2"}
)
EFFECT_KINDS: Final = ("decided", "paid", "issued", "deployed", "notice")
CLOCK_ACTIONS: Final = ("start", "pause", "resume", "extend", "shift", "convert", "stop")

HANDLER_RESULTS: Final[Mapping[str, tuple[str, ...]]] = {
    "run_rules": ("block", "risk"),
    "check_signatures": ("missing", "risk"),
    "seal_decision": ("review_result",),
    "set_procedure": ("procedure",),
    "issue_document": (),
    "archive_case": (),
    "deem_served": (),
    "complete_service": ("service_result",),
    "withdraw_case": (),
    "remind": (),
    "apply_change": (),
    "drop_change": (),
}
"""What the kernel's own service tasks set (`handlers.py`, `change_handlers.py`); a play asks for `check_change`."""
