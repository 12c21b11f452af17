// dmn-js 的界面文字:没有现成的中文包,用到的都在 dmn-zh.json;英文界面用原文。
import ZH from "./dmn-zh.json";

export function translateDmn(locale) {
  const known = locale === "zh" ? ZH : {};
  const translate = (template, replacements = {}) =>
    (known[template] ?? template).replace(/{([^}]+)}/g, (whole, key) => replacements[key] ?? whole);
  return { translate: ["value", translate] };
}
