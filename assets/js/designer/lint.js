// 边画边查的几条:不必等服务器就看得出的毛病,标在图上。服务器的检查说了算。
import { is, isAny } from "bpmn-js/lib/util/ModelUtil";
import { extension } from "./model.js";

const SUPPORTED_TASKS = ["bpmn:UserTask", "bpmn:ManualTask", "bpmn:ServiceTask", "bpmn:SendTask", "bpmn:ReceiveTask", "bpmn:ScriptTask", "bpmn:BusinessRuleTask", "bpmn:CallActivity", "bpmn:SubProcess"];
const NOT_RUN = ["bpmn:ComplexGateway", "bpmn:AdHocSubProcess", "bpmn:Transaction", "bpmn:CompensateEventDefinition", "bpmn:ChoreographyTask"];
const CONDITIONAL = ["bpmn:ExclusiveGateway", "bpmn:InclusiveGateway"];

function unsupported(node) {
  if (isAny(node, NOT_RUN)) return true;
  if ((node.get?.("eventDefinitions") ?? []).some((one) => isAny(one, NOT_RUN))) return true;
  return is(node, "bpmn:Activity") && !isAny(node, SUPPORTED_TASKS);
}

const RULES = {
  "duty-missing": (node) => is(node, "bpmn:UserTask") && !extension(node, "sanshen:Duty")?.kind,
  "missing-form": (node) => is(node, "bpmn:UserTask") && !extension(node, "zeebe:FormDefinition")?.formId,
  "missing-candidate-group": (node) => is(node, "bpmn:UserTask") && !extension(node, "zeebe:AssignmentDefinition")?.candidateGroups,
  "missing-task-type": (node) => is(node, "bpmn:ServiceTask") && !extension(node, "zeebe:TaskDefinition")?.type,
  "unknown-callee": (node) => is(node, "bpmn:CallActivity") && !extension(node, "zeebe:CalledElement")?.processId && !node.calledElement,
  "split-without-gateway": (node) => isAny(node, ["bpmn:Activity", "bpmn:IntermediateCatchEvent", "bpmn:IntermediateThrowEvent"]) && (node.outgoing ?? []).length > 1,
  "no-completion": (node) => isAny(node, ["bpmn:Activity", "bpmn:Gateway", "bpmn:StartEvent", "bpmn:IntermediateCatchEvent", "bpmn:BoundaryEvent"])
    && !node.get("triggeredByEvent") && !node.get("isForCompensation") && !(node.outgoing ?? []).length
    && !(node.eventDefinitions ?? []).some((one) => isAny(one, ["bpmn:LinkEventDefinition", "bpmn:CompensateEventDefinition"])),
  "not-reached": (node) => isAny(node, ["bpmn:Activity", "bpmn:Gateway", "bpmn:EndEvent"])
    && !node.get("triggeredByEvent") && !node.get("isForCompensation") && !(node.incoming ?? []).length,
  "condition-missing": (node) => is(node, "bpmn:SequenceFlow") && isAny(node.sourceRef, CONDITIONAL) && (node.sourceRef.outgoing ?? []).length > 1
    && node.sourceRef.default !== node && !node.conditionExpression && !node.get("sanshen:risk"),
  "unsupported-element": unsupported,
};

// 外面画来的文件没有 sanshen 扩展,前三条只是提醒
const SOFT = new Set(["duty-missing", "missing-form", "missing-candidate-group"]);

export function lintConfig(words, ours) {
  const rules = {};
  for (const name of Object.keys(RULES)) rules[name] = SOFT.has(name) && !ours ? "warn" : "error";
  return {
    config: { rules },
    resolver: {
      resolveRule: (_package, name) => () => ({
        check: (node, reporter) => { if (node.id && RULES[name](node)) reporter.report(node.id, words[name]); },
      }),
      resolveConfig: () => { throw new Error("no configuration is extended"); },
    },
  };
}

export const LINT_RULES = Object.keys(RULES);
