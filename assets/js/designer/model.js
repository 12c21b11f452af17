// 模型上我们自己的部分:读扩展元素,用可撤销的命令写。每次写都换一份新的 extensionElements。
import { getBusinessObject, is } from "bpmn-js/lib/util/ModelUtil";

export const SIGNING = ["initial_review", "recheck", "risk_review", "final_review", "final_review_2"];

// 泳池上的设置属于它的流程
export function holder(element) {
  const object = getBusinessObject(element);
  return is(object, "bpmn:Participant") ? object.processRef : object;
}

export function extensions(object, type) {
  return (object?.get("extensionElements")?.get("values") ?? []).filter((value) => is(value, type));
}

export function extension(object, type) {
  return extensions(object, type)[0];
}

export function value(element, type, key) {
  return extension(holder(element), type)?.get(key) ?? "";
}

function attributes(old) {
  const kept = {};
  for (const { name, ns } of old?.$descriptor.properties ?? []) {
    const key = ns?.localName ?? name;
    if (old.get(name) !== undefined) kept[key] = old.get(name);
  }
  return kept;
}

export class Model {
  constructor(injector) {
    this.modeling = injector.get("modeling");
    this.factory = injector.get("bpmnFactory");
  }

  // values 全空就去掉这个扩展元素
  set(element, type, values) {
    const old = extension(holder(element), type);
    const merged = { ...attributes(old), ...values };
    for (const key of Object.keys(merged)) if (merged[key] === "" || merged[key] === undefined) delete merged[key];
    const fresh = Object.keys(merged).length ? [this.factory.create(type, merged)] : [];
    this.replace(element, type, fresh);
  }

  replace(element, type, fresh) {
    const target = element.labelTarget ?? element;
    const object = holder(target);
    const rest = (object.get("extensionElements")?.get("values") ?? []).filter((one) => !is(one, type));
    const list = [...rest, ...fresh];
    const extensionElements = list.length ? this.factory.create("bpmn:ExtensionElements", { values: list }) : undefined;
    if (extensionElements) extensionElements.$parent = object;
    for (const one of list) one.$parent = extensionElements;
    this.modeling.updateModdleProperties(target, object, { extensionElements });
  }

  setName(element, name) {
    if (is(element, "bpmn:Participant")) this.modeling.updateProperties(element, { name });
    else this.modeling.updateLabel(element.labelTarget ?? element, name);
  }

  setClocks(element, clocks) {
    this.replace(element, "sanshen:Clock", clocks.map((clock) => this.factory.create("sanshen:Clock", clock)));
  }

  setErrors(element, errors) {
    const filled = errors.map(({ code, when }) => ({ code, ...(when ? { when } : {}) }));
    this.replace(element, "sanshen:Error", filled.map((error) => this.factory.create("sanshen:Error", error)));
  }

  setRisk(flow, classes) {
    this.modeling.updateProperties(flow, { "sanshen:risk": classes.length ? classes.join(" ") : undefined });
  }
}

export function clocksOf(element) {
  return extensions(holder(element), "sanshen:Clock").map((clock) => ({ ref: clock.ref ?? "", action: clock.action ?? "" }));
}

export function errorsOf(element) {
  return extensions(holder(element), "sanshen:Error").map((error) => ({ code: error.code ?? "", when: error.when ?? "" }));
}

export function riskOf(flow) {
  return (getBusinessObject(flow).get("sanshen:risk") ?? "").split(/\s+/).filter(Boolean);
}

export function englishName(element) {
  const object = holder(element);
  return extension(object, "sanshen:Name")?.en ?? object.get?.("sanshen:nameEn") ?? "";
}
