// bpmn.io 的界面文字:中文用 bpmn-js-i18n-zh,缺的和译得不合本行习惯的在这里补;英文界面用原文。
import bpmn from "bpmn-js-i18n-zh/lib/bpmn-js";
import panel from "bpmn-js-i18n-zh/lib/properties-panel";
import zeebe from "bpmn-js-i18n-zh/lib/zeebe-properties-panel";
import supplement from "./zh-supplement.json";

const ZH = { ...zeebe, ...panel, ...bpmn, ...supplement };

export function translator(locale) {
  const known = locale === "zh" ? ZH : {};
  return (template, replacements = {}) =>
    (known[template] ?? template).replace(/{([^}]+)}/g, (whole, key) => replacements[key] ?? whole);
}

export function translateModule(locale) {
  return { translate: ["value", translator(locale)] };
}
