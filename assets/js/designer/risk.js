// 按风险类别看:这一类件不走的连线变淡。类别是固定值,证明时也这样去掉。
import { riskOf } from "./model.js";

export function dimOtherClasses(viewer) {
  const chips = [...document.querySelectorAll("[data-risk]")];
  const show = (risk) => {
    const canvas = viewer.get("canvas");
    for (const flow of viewer.get("elementRegistry").filter((element) => element.waypoints && !element.labelTarget)) {
      const classes = flow.businessObject.$instanceOf("bpmn:SequenceFlow") ? riskOf(flow) : [];
      const off = Boolean(risk) && classes.length > 0 && !classes.includes(risk);
      if (off) canvas.addMarker(flow, "off-class"); else canvas.removeMarker(flow, "off-class");
    }
    for (const chip of chips) {
      const on = chip.dataset.risk === risk;
      chip.classList.toggle("on", on);
      chip.setAttribute("aria-pressed", String(on));
    }
  };
  let chosen = "";
  for (const chip of chips) {
    chip.addEventListener("click", () => { chosen = chosen === chip.dataset.risk ? "" : chip.dataset.risk; show(chosen); });
  }
  viewer.on("commandStack.changed", () => show(chosen));
}
