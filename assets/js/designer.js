// 流程设计器:bpmn-js 的编辑器、属性面板、边画边查、自动保存。只在草稿页装入。
import "./designer/nonce.js";
import Modeler from "bpmn-js/lib/Modeler";
import { BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule } from "bpmn-js-properties-panel";
import zeebeModdle from "zeebe-bpmn-moddle/resources/zeebe.json";
import zeebeBehaviors from "camunda-bpmn-js-behaviors/lib/camunda-cloud";
import lintModule from "bpmn-js-bpmnlint";
import sanshenModdle from "./designer/sanshen-moddle.json";
import { Autosave } from "./designer/autosave.js";
import { readData } from "./designer/data.js";
import { lintConfig } from "./designer/lint.js";
import { Model, extension, holder } from "./designer/model.js";
import properties from "./designer/properties.js";
import { Results } from "./designer/results.js";
import { dimOtherClasses } from "./designer/risk.js";
import { translateModule } from "./designer/translate.js";
import { Bypass } from "./_bypass.js";

// 自动加上 zeebe:userTask、zeebe:calledElement 的默认值等,引擎不用
const UNWANTED = new Set(["createZeebeUserTaskBehavior", "createZeebeScriptTaskBehavior", "createZeebeBusinessRuleTaskBehavior", "formsBehavior", "versionTagBehavior"]);
const behaviors = { ...zeebeBehaviors, __init__: zeebeBehaviors.__init__.filter((name) => !UNWANTED.has(name)) };

function modelerOf(data) {
  const own = {
    designerData: ["value", data],
    designerModel: ["type", Object.assign(function model(injector) { return new Model(injector); }, { $inject: ["injector"] })],
  };
  return new Modeler({
    container: document.getElementById("canvas"),
    propertiesPanel: { parent: document.getElementById("properties") },
    linting: { active: true, bpmnlint: lintConfig(data.words, data.ours) },
    additionalModules: [
      BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule, behaviors, lintModule,
      translateModule(data.locale), own, properties,
    ],
    moddleExtensions: { zeebe: zeebeModdle, sanshen: sanshenModdle },
  });
}

function select(modeler, id) {
  const element = modeler.get("elementRegistry").get(id);
  if (!element) return;
  modeler.get("selection").select(element);
  modeler.get("canvas").scrollToElement(element, { top: 80, bottom: 80, left: 120, right: 80 });
}

// 左边让出工具栏
function fit(modeler) {
  const canvas = modeler.get("canvas");
  canvas.zoom("fit-viewport");
  const { inner, outer, scale } = canvas.viewbox();
  const bar = 120 / scale;
  const width = Math.max(inner.width + bar + 40, (inner.height + 40) * (outer.width / outer.height));
  const height = width * (outer.height / outer.width);
  canvas.viewbox({ x: inner.x - bar, y: inner.y - (height - inner.height) / 2, width, height });
}

// 行表单里的五项,写成五条可撤销的命令
function editStep(modeler, id, values) {
  const element = modeler.get("elementRegistry").get(id), model = modeler.get("designerModel");
  if (!element) return;
  const object = holder(element);
  if ((object.name ?? "") !== values.name) model.setName(element, values.name);
  const put = (type, key, wanted) => { if (wanted !== undefined && (extension(object, type)?.get(key) ?? "") !== wanted) model.set(element, type, { [key]: wanted }); };
  put("sanshen:Name", "en", values.name_en);
  put("sanshen:Duty", "kind", values.duty);
  put("zeebe:AssignmentDefinition", "candidateGroups", values.group);
  put("zeebe:FormDefinition", "formId", values.form);
}

function installUndo(modeler) {
  const stack = modeler.get("commandStack");
  const buttons = { undo: document.getElementById("undo"), redo: document.getElementById("redo") };
  const update = () => {
    buttons.undo.disabled = !stack.canUndo();
    buttons.redo.disabled = !stack.canRedo();
  };
  buttons.undo.addEventListener("click", () => stack.undo());
  buttons.redo.addEventListener("click", () => stack.redo());
  document.getElementById("fit").addEventListener("click", () => fit(modeler));
  modeler.on("commandStack.changed", update);
  update();
}

async function start() {
  const data = readData();
  const modeler = modelerOf(data);
  data.model = () => modeler.get("designerModel");
  const bypass = new Bypass(modeler);
  const results = new Results(data, {
    bypass,
    show: (id) => select(modeler, id),
    edit: (id, values) => editStep(modeler, id, values),
  });
  const autosave = new Autosave({
    file: data.file, words: data.words,
    content: async () => (await modeler.saveXML({ format: true })).xml,
    apply: (content) => modeler.importXML(content),
    saved: () => results.refresh(),
  });
  const response = await fetch(data.file.url, { credentials: "same-origin" });
  await modeler.importXML(await response.text());
  fit(modeler);
  modeler.on("commandStack.changed", () => autosave.changed());
  installUndo(modeler);
  autosave.guardWays();
  dimOtherClasses(modeler);
  autosave.offer();
  results.paths(data.findings);
  document.body.dataset.checked = String(data.file.revision);
  document.getElementById("canvas").dataset.drawn = "yes";
}

start().catch((error) => {
  const place = document.getElementById("canvas-failed");
  place.hidden = false;
  place.querySelector("[data-reason]").textContent = error.message;
  document.getElementById("canvas").hidden = true;
});
