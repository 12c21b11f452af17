// 反例:一条粗的红线画过流程图,编号与检查结果相同。只画,不改模型;图变了就照剩下的元素重画。
import { append, attr, clear, create } from "tiny-svg";

const NUMBERS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳";

export function number(index) {
  return NUMBERS[index] ?? `(${index + 1})`;
}

// 检查给的是经过的元素;中间的连线在图上找
function steps(registry, path) {
  const shapes = path.map((id) => registry.get(id)).filter((element) => element);
  const flows = [];
  shapes.forEach((shape, index) => {
    const next = shapes[index + 1];
    if (shape.waypoints) { flows.push(shape); return; }
    if (!next || next.waypoints) return;
    const flow = (shape.outgoing ?? []).find((one) => one.target === next && !one.businessObject.$instanceOf("bpmn:Association"));
    if (flow) flows.push(flow);
  });
  return { nodes: shapes.filter((one) => !one.waypoints), flows: [...new Set(flows)] };
}

function arrow(layer, id) {
  const marker = create("marker");
  attr(marker, { id, markerWidth: 14, markerHeight: 14, refX: 11, refY: 7, orient: "auto", markerUnits: "userSpaceOnUse" });
  const head = create("path");
  attr(head, { d: "M0 0 14 7 0 14z", class: "bypass-head" });
  append(marker, head);
  const defs = create("defs");
  append(defs, marker);
  append(layer, defs);
}

function line(layer, flow, id) {
  const path = create("path");
  const d = flow.waypoints.map(({ x, y }, index) => `${index ? "L" : "M"}${x} ${y}`).join("");
  attr(path, { d, class: "bypass-line", "marker-end": `url(#${id})` });
  append(layer, path);
}

function frame(layer, shape) {
  const round = shape.businessObject.$instanceOf("bpmn:Event");
  const box = create("rect");
  attr(box, { x: shape.x - 2, y: shape.y - 2, width: shape.width + 4, height: shape.height + 4, rx: round ? shape.width : 10, class: "bypass-node" });
  if (!shape.businessObject.$instanceOf("bpmn:Gateway")) append(layer, box);
}

export class Bypass {
  constructor(viewer) {
    this.viewer = viewer;
    this.path = [];
    this.label = "";
    viewer.on("commandStack.changed", () => this.draw());
  }

  show(path, label) {
    this.path = path ?? [];
    this.label = label ?? "";
    this.draw();
  }

  draw() {
    const canvas = this.viewer.get("canvas"), overlays = this.viewer.get("overlays");
    const layer = canvas.getLayer("bypass", 20);
    clear(layer);
    overlays.remove({ type: "bypass" });
    if (!this.path.length) return;
    const { nodes, flows } = steps(this.viewer.get("elementRegistry"), this.path);
    arrow(layer, "bypass-arrow");
    nodes.forEach((node) => frame(layer, node));
    flows.forEach((flow) => line(layer, flow, "bypass-arrow"));
    const last = nodes.at(-1); // 标在终点下面,不盖住图
    if (last && this.label) overlays.add(last, "bypass", { position: { bottom: -6, left: -20 }, html: tagged(this.label) });
  }
}

function tagged(words) {
  const element = document.createElement("div");
  element.className = "bypass-tag";
  element.textContent = words;
  return element;
}
