"""Names of the dialect: namespaces and what of BPMN is run, drawn only, or refused."""

from typing import Final

from app.kernel.duties.vocabulary import DUTIES as DUTIES

BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE: Final = "http://camunda.org/schema/zeebe/1.0"
SANSHEN: Final = "urn:sanshen:bpmn:1"
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

# What each event may wait for or throw. Everything else the library drops silently or runs wrongly.
EVENT_DEFINITIONS: Final[dict[str, frozenset[str]]] = {
    "startEvent": frozenset({"messageEventDefinition", "timerEventDefinition"}),
    "endEvent": frozenset(
        {
            "messageEventDefinition",
            "errorEventDefinition",
            "escalationEventDefinition",
            "terminateEventDefinition",
        }
    ),
    "intermediateCatchEvent": frozenset({"messageEventDefinition", "timerEventDefinition"}),
    "intermediateThrowEvent": frozenset({"messageEventDefinition", "escalationEventDefinition"}),
    "boundaryEvent": frozenset(
        {
            "messageEventDefinition",
            "timerEventDefinition",
            "errorEventDefinition",
            "escalationEventDefinition",
        }
    ),
}
WAITS_FOR_SOMETHING: Final = frozenset({"intermediateCatchEvent", "boundaryEvent"})

# Drawn for the reader, taken out before the library parses: none of these moves a token.
DECORATION: Final = frozenset(
    {
        "association",
        "category",
        "collaboration",
        "dataInputAssociation",
        "dataObject",
        "dataObjectReference",
        "dataOutputAssociation",
        "dataStore",
        "dataStoreReference",
        "group",
        "ioSpecification",
        "property",
        "textAnnotation",
    }
)
STRUCTURE: Final = frozenset(
    {"documentation", "extensionElements", "incoming", "laneSet", "outgoing", "sequenceFlow"}
)

REFERENCES: Final[tuple[tuple[str, str, str], ...]] = (
    ("messageEventDefinition", "messageRef", "message"),
    ("sendTask", "messageRef", "message"),
    ("receiveTask", "messageRef", "message"),
    ("errorEventDefinition", "errorRef", "error"),
    ("escalationEventDefinition", "escalationRef", "escalation"),
)

RISK_CLASSES: Final = ("normal", "high", "routed")
SIGNING_DUTIES: Final = frozenset(
    {"initial_review", "recheck", "risk_review", "final_review", "final_review_2"}
)
EFFECT_KINDS: Final = ("decided", "paid", "issued", "deployed", "notice")
CLOCK_ACTIONS: Final = ("start", "pause", "resume", "extend", "shift", "convert", "stop")
