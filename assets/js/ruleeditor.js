// 规则工作台:dmn-js 的决策图、决策表与表达式编辑器,自动保存,检查结果标在格子上。只在规则草稿页装入。
import "./designer/nonce.js";
import Modeler from "dmn-js/lib/Modeler";
import { Autosave } from "./designer/autosave.js";
import { readData } from "./designer/data.js";
import { Results } from "./designer/results.js";
import { Marks } from "./rules/marks.js";
import { translateDmn } from "./rules/translate.js";
import { Views } from "./rules/views.js";

const FEEL = { options: [{ value: "feel", label: "FEEL" }], defaults: { editor: "feel" } };
const TYPES = ["string", "number", "boolean", "date", "time", "dateTime", "dayTimeDuration", "yearMonthDuration", "Any"];

function modelerOf(data) {
  const additionalModules = [translateDmn(data.locale)];
  return new Modeler({
    container: document.getElementById("canvas"),
    common: { expressionLanguages: FEEL, dataTypes: TYPES },
    drd: { additionalModules },
    decisionTable: { additionalModules },
    literalExpression: { additionalModules },
    boxedExpression: { additionalModules },
  });
}

// 撤销、重做作用于正开着的那一张图或表
function installUndo(modeler, autosave) {
  const buttons = { undo: document.getElementById("undo"), redo: document.getElementById("redo") };
  const stack = () => modeler.getActiveViewer()?.get("commandStack", false);
  const update = () => {
    buttons.undo.disabled = !stack()?.canUndo();
    buttons.redo.disabled = !stack()?.canRedo();
  };
  buttons.undo.addEventListener("click", () => stack()?.undo());
  buttons.redo.addEventListener("click", () => stack()?.redo());
  modeler.on("viewer.created", ({ viewer }) => viewer.on("commandStack.changed", ({ trigger }) => {
    update();
    if (trigger !== "clear") autosave.changed();
  }));
  modeler.on("views.changed", update);
  return update;
}

async function start() {
  const data = readData();
  const modeler = modelerOf(data);
  const views = new Views(modeler, data.words);
  const marks = new Marks(document.getElementById("canvas"), data.findings);
  const autosave = new Autosave({
    file: data.file, words: data.words,
    content: async () => (await modeler.saveXML({ format: true })).xml,
    apply: (content) => modeler.importXML(content).then(() => views.openFirst()),
    saved: () => results.refresh(),
  });
  const results = new Results(data, {
    bypass: { show() { marks.show(results.findings ?? []); } },
    show: (id) => views.openAt(id).then(() => marks.flash(id)),
  });
  const update = installUndo(modeler, autosave);
  const response = await fetch(data.file.url, { credentials: "same-origin" });
  await modeler.importXML(await response.text());
  await views.openFirst();
  update();
  autosave.guardWays();
  autosave.offer();
  document.body.dataset.checked = String(data.file.revision);
  document.getElementById("canvas").dataset.drawn = "yes";
}

start().catch((error) => {
  const place = document.getElementById("canvas-failed");
  place.hidden = false;
  place.querySelector("[data-reason]").textContent = error.message;
  document.getElementById("canvas").hidden = true;
});
