// 属性面板:Zeebe 的分组里留下引擎认得的,前面加上我们自己的「三审」分组。
import {
  CheckboxEntry, Group, ListGroup, SelectEntry, TextFieldEntry,
  isCheckboxEntryEdited, isSelectEntryEdited, isTextFieldEntryEdited,
} from "@bpmn-io/properties-panel";
import { useService } from "bpmn-js-properties-panel";
import { is, isAny } from "bpmn-js/lib/util/ModelUtil";
import { SIGNING, clocksOf, englishName, errorsOf, extension, holder, riskOf, value } from "./model.js";

// 引擎不用的分组(监听器、任务头、Camunda 自己的表单与指派等)不显示,文件里有的照样保留
const HIDDEN = new Set([
  "form", "headers", "inputPropagation", "outputPropagation", "userTaskImplementation", "assignmentDefinition",
  "adHocSubProcessImplementation", "activeElements", "outputCollection", "compensation",
  "Zeebe__ExecutionListeners", "Zeebe__TaskListeners", "Zeebe__ExtensionProperties",
]);
const RISKS = ["normal", "high", "routed"];

function options(list, current, empty) {
  const known = list.map(({ value: key, words }) => ({ value: key, label: words }));
  const extra = current && !list.some((one) => one.value === current) ? [{ value: current, label: current }] : [];
  return [{ value: "", label: empty }, ...known, ...extra];
}

// 每个入口是一个函数组件:从 id 找到读和写
function select(id, label, choices, get, set, description) {
  const component = ({ element }) => {
    const { words } = useService("designerData");
    const model = useService("designerModel");
    return SelectEntry({
      element, id, label, description,
      getValue: () => get(element),
      setValue: (chosen) => set(model, element, chosen),
      getOptions: () => options(choices, get(element), words.none),
    });
  };
  return { id, component, isEdited: isSelectEntryEdited };
}

function text(id, label, get, set, description) {
  const component = ({ element }) => {
    const model = useService("designerModel");
    return TextFieldEntry({
      element, id, label, description, debounce: useService("debounceInput"),
      getValue: () => get(element),
      setValue: (typed) => set(model, element, typed ?? ""),
    });
  };
  return { id, component, isEdited: isTextFieldEntryEdited };
}

function check(id, label, get, set, description) {
  const component = ({ element }) => {
    const model = useService("designerModel");
    return CheckboxEntry({
      element, id, label, description,
      getValue: () => get(element),
      setValue: (on) => set(model, element, on),
    });
  };
  return { id, component, isEdited: isCheckboxEntryEdited };
}

function attribute(type, key) {
  return [(element) => value(element, type, key), (model, element, chosen) => model.set(element, type, { [key]: chosen })];
}

function signs(element) {
  const duty = extension(holder(element), "sanshen:Duty");
  return duty?.signs ? duty.signs === "true" : SIGNING.includes(duty?.kind);
}

// 与默认相同的不写进文件
function setSigns(model, element, on) {
  const usual = SIGNING.includes(value(element, "sanshen:Duty", "kind"));
  model.set(element, "sanshen:Duty", { signs: on === usual ? "" : String(on) });
}

function dutyEntries({ words, duties, posts, forms }) {
  return [
    select("sanshen-duty", words.duty, duties, ...attribute("sanshen:Duty", "kind"), words.dutyHelp),
    check("sanshen-signs", words.signs, signs, setSigns, words.signsHelp),
    check("sanshen-resets", words.resets, (element) => value(element, "sanshen:Duty", "resets") === "true",
      (model, element, on) => model.set(element, "sanshen:Duty", { resets: on ? "true" : "" }), words.resetsHelp),
    text("sanshen-persons", words.persons, ...attribute("sanshen:Duty", "persons"), words.personsHelp),
    select("sanshen-group", words.group, posts, ...attribute("zeebe:AssignmentDefinition", "candidateGroups")),
    text("sanshen-group-text", words.groupText, ...attribute("zeebe:AssignmentDefinition", "candidateGroups"), words.groupHelp),
    select("sanshen-form", words.form, forms, ...attribute("zeebe:FormDefinition", "formId"), words.formHelp),
  ];
}

function effectEntries({ words, effects }) {
  return [
    select("sanshen-effect", words.effect, effects, ...attribute("sanshen:Effect", "kind"), words.effectHelp),
    text("sanshen-requires", words.requires, ...attribute("sanshen:Effect", "requires"), words.requiresHelp),
    text("sanshen-requires-normal", words.requiresNormal, ...attribute("sanshen:Effect", "requires-normal")),
    text("sanshen-requires-routed", words.requiresRouted, ...attribute("sanshen:Effect", "requires-routed")),
  ];
}

function documentEntries({ words, documents }) {
  return [select("sanshen-document", words.document, documents, ...attribute("sanshen:Document", "ref"))];
}

function ruleEntries({ words, ruleSets }) {
  return [
    select("sanshen-rules", words.rules, ruleSets, ...attribute("sanshen:Rules", "set")),
    text("sanshen-rules-text", words.rulesText, ...attribute("sanshen:Rules", "set"), words.groupHelp),
  ];
}

function nameEntry({ words }) {
  return text("sanshen-name-en", words.nameEn, englishName,
    (model, element, typed) => model.set(element, "sanshen:Name", { en: typed }));
}

function riskEntries({ words, risks }) {
  return risks.map(({ value: key, words: label }) => check(`sanshen-risk-${key}`, label,
    (flow) => riskOf(flow).includes(key),
    (model, flow, on) => model.setRisk(flow, RISKS.filter((one) => (one === key ? on : riskOf(flow).includes(one)))),
    key === "routed" ? words.riskHelp : undefined));
}

function clockItem(data, element, index) {
  const change = (key) => (model, one, chosen) => {
    const clocks = clocksOf(one);
    clocks[index] = { ...clocks[index], [key]: chosen };
    model.setClocks(one, clocks);
  };
  const read = (key) => (one) => clocksOf(one)[index]?.[key] ?? "";
  const prefix = `sanshen-clock-${index}`;
  const clock = clocksOf(element)[index];
  return {
    id: prefix,
    label: [clock.ref, data.clockActions.find((one) => one.value === clock.action)?.words].filter(Boolean).join(" ") || data.words.clock,
    entries: [
      select(`${prefix}-ref`, data.words.clock, data.clocks, read("ref"), change("ref")),
      select(`${prefix}-action`, data.words.clockAction, data.clockActions, read("action"), change("action")),
    ],
    remove: (event) => {
      event.stopPropagation();
      data.model().setClocks(element, clocksOf(element).filter((_, other) => other !== index));
    },
  };
}

function clockGroup(data, element) {
  return {
    id: "sanshen-clocks", label: data.words.clocks, component: ListGroup,
    items: clocksOf(element).map((_, index) => clockItem(data, element, index)),
    add: (event) => {
      event.stopPropagation();
      data.model().setClocks(element, [...clocksOf(element), { ref: data.clocks[0]?.value ?? "", action: "start" }]);
    },
  };
}

function errorItem(data, element, index) {
  const change = (key) => (model, one, typed) => {
    const errors = errorsOf(one);
    errors[index] = { ...errors[index], [key]: typed };
    model.setErrors(one, errors);
  };
  const read = (key) => (one) => errorsOf(one)[index]?.[key] ?? "";
  const prefix = `sanshen-error-${index}`;
  return {
    id: prefix,
    label: errorsOf(element)[index].code || data.words.error,
    entries: [
      text(`${prefix}-code`, data.words.errorCode, read("code"), change("code"), data.words.errorCodeHelp),
      text(`${prefix}-when`, data.words.errorWhen, read("when"), change("when"), data.words.errorWhenHelp),
    ],
    remove: (event) => {
      event.stopPropagation();
      data.model().setErrors(element, errorsOf(element).filter((_, other) => other !== index));
    },
  };
}

function errorGroup(data, element) {
  return {
    id: "sanshen-errors", label: data.words.errors, component: ListGroup,
    items: errorsOf(element).map((_, index) => errorItem(data, element, index)),
    add: (event) => {
      event.stopPropagation();
      data.model().setErrors(element, [...errorsOf(element), { code: "", when: "" }]);
    },
  };
}

function group(id, label, entries) {
  return { id, label, component: Group, entries, shouldOpen: true };
}

function ownGroups(data, element) {
  const { words } = data, groups = [];
  const put = (id, label, entries) => groups.push(group(id, label, entries));
  if (is(element, "bpmn:UserTask")) put("sanshen-duty-group", words.dutyGroup, dutyEntries(data));
  if (isAny(element, ["bpmn:ServiceTask", "bpmn:SendTask", "bpmn:EndEvent"])) put("sanshen-effect-group", words.effectGroup, effectEntries(data));
  if (isAny(element, ["bpmn:UserTask", "bpmn:ServiceTask"])) put("sanshen-document-group", words.documentGroup, documentEntries(data));
  if (isAny(element, ["bpmn:UserTask", "bpmn:ServiceTask", "bpmn:BusinessRuleTask"])) put("sanshen-rules-group", words.rulesGroup, ruleEntries(data));
  if (is(element, "bpmn:SequenceFlow")) put("sanshen-risk-group", words.riskGroup, riskEntries(data));
  if (is(holder(element), "bpmn:Process")) {
    put("sanshen-policy-group", words.policyGroup, [text("sanshen-policy", words.policy, ...attribute("sanshen:Policy", "requires"), words.requiresHelp)]);
  }
  if (isAny(element, ["bpmn:ServiceTask", "bpmn:SendTask", "bpmn:BusinessRuleTask"])) groups.push(errorGroup(data, element));
  if (is(element, "bpmn:FlowNode")) groups.push(clockGroup(data, element));
  return groups;
}

class SanshenProperties {
  constructor(propertiesPanel, data) {
    this.data = data;
    propertiesPanel.registerProvider(200, this); // 排在 Zeebe 之后,好筛它的分组
  }

  getGroups(element) {
    return (groups) => {
      const kept = groups.filter((one) => !HIDDEN.has(one.id));
      const general = kept.find((one) => one.id === "general");
      if (general && isAny(holder(element), ["bpmn:FlowNode", "bpmn:SequenceFlow", "bpmn:Process", "bpmn:Lane"])) general.entries.push(nameEntry(this.data));
      const after = kept.indexOf(general) + 1;
      return [...kept.slice(0, after), ...ownGroups(this.data, element), ...kept.slice(after)];
    };
  }
}
SanshenProperties.$inject = ["propertiesPanel", "designerData"];

export default { __init__: ["sanshenProperties"], sanshenProperties: ["type", SanshenProperties] };
