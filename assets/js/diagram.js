// 流程图:只看的 bpmn-js,标出令牌与走过的步骤。右下角留给 bpmn.io 的标志。
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { Bypass, number } from "./_bypass.js";

function ids(text) {
  return (text ?? "").split(" ").filter(Boolean);
}

function overlay(className, text) {
  const element = document.createElement("div");
  element.className = className;
  element.textContent = text;
  return element;
}

// 走过的写次数(一次不写数字),在此的放令牌点;步骤表里有同样的内容
function mark(viewer, tokens, passed) {
  const overlays = viewer.get("overlays");
  const canvas = viewer.get("canvas");
  const known = viewer.get("elementRegistry");
  for (const item of passed) {
    const [id, times] = item.split(":");
    if (!known.get(id)) continue;
    canvas.addMarker(id, "was-passed");
    const text = Number(times) > 1 ? `✓ ${times}` : "✓";
    overlays.add(id, { position: { top: -9, left: 6 }, html: overlay("passed", text) });
  }
  for (const id of tokens) {
    if (!known.get(id)) continue;
    canvas.addMarker(id, "at-token");
    overlays.add(id, { position: { top: -7, right: 7 }, html: overlay("token", "") });
  }
}

// 经案件修正跳过的:写“⤼”,描虚线,不算走过
function skip(viewer, skipped) {
  for (const id of skipped) {
    if (!viewer.get("elementRegistry").get(id)) continue;
    viewer.get("canvas").addMarker(id, "was-skipped");
    viewer.get("overlays").add(id, { position: { top: -9, left: 6 }, html: overlay("skipped", "⤼") });
  }
}

// 模拟没有到达的:打叉,描虚线;旁边的表里有同样的内容
function cross(viewer, missed) {
  for (const id of missed) {
    const element = viewer.get("elementRegistry").get(id);
    if (!element) continue;
    viewer.get("canvas").addMarker(id, "was-missed");
    const position = element.waypoints ? { top: -9, left: -9 } : { top: -9, left: 6 };
    if (element.parent) viewer.get("overlays").add(id, { position, html: overlay("missed", "✕") });
  }
}

// 差异:每个要素一个符号,并按种类描边
const SIGNS = { added: "+", removed: "−", changed: "≠", moved: "↔" };

function compare(viewer, data) {
  const overlays = viewer.get("overlays");
  const known = viewer.get("elementRegistry");
  for (const [kind, sign] of Object.entries(SIGNS)) {
    for (const id of ids(data[kind])) {
      const element = known.get(id);
      if (!element) continue;
      viewer.get("canvas").addMarker(id, `diff-${kind}`);
      const position = element.waypoints ? { top: -9, left: -9 } : { top: -10, left: -8 };
      // 图缩小时符号不跟着缩:看得清才算标记
      if (element.parent) overlays.add(id, { position, scale: { min: 1, max: 1.2 }, html: overlay(`sign ${kind}`, sign) });
    }
  }
}

// 在办分布:每个环节一块牌子,形状、数字在前,颜色在后;右下角留给标志
function heat(viewer, marks) {
  const known = viewer.get("elementRegistry");
  for (const { id, text, tone } of marks) {
    if (!known.get(id)) continue;
    viewer.get("canvas").addMarker(id, `heat-${tone || "none"}`);
    viewer.get("overlays").add(id, { position: { top: -12, left: -4 }, html: overlay(`heat ${tone}`, text) });
  }
}

function shown(viewer, tokens) {
  const canvas = viewer.get("canvas");
  canvas.zoom("fit-viewport");
  const here = tokens.map((id) => viewer.get("elementRegistry").get(id)).find(Boolean);
  if (here && canvas.zoom() < 0.6) {
    canvas.zoom(0.75);
    canvas.scrollToElement(here, { top: 60, bottom: 60, left: 90, right: 90 });
  }
}

// 检查结果里的反例:先画第一条,点哪条画哪条;点元素名就在图上找到它
function follow(viewer, findings) {
  const bypass = new Bypass(viewer), canvas = viewer.get("canvas");
  let marked = "";
  const show = (index) => bypass.show(findings[index]?.path, findings[index] ? `${number(findings[index].number)} ${findings[index].label}` : "");
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-element], [data-finding]");
    if (!link) return;
    event.preventDefault();
    if (link.dataset.finding !== undefined) show(Number(link.dataset.finding));
    const element = viewer.get("elementRegistry").get(link.dataset.element);
    if (!element) return;
    if (marked) canvas.removeMarker(marked, "at-finding");
    marked = element.id;
    canvas.addMarker(marked, "at-finding");
    canvas.scrollToElement(element, 80);
    document.getElementById("canvas")?.scrollIntoView({ block: "nearest" });
  });
  show(findings.findIndex((finding) => finding.path.length));
}

async function draw(place) {
  const response = await fetch(place.dataset.diagram, { credentials: "same-origin" });
  if (!response.ok) { place.hidden = true; return; }
  const viewer = new NavigatedViewer({ container: place });
  await viewer.importXML(await response.text());
  mark(viewer, ids(place.dataset.tokens), ids(place.dataset.passed));
  skip(viewer, ids(place.dataset.skipped));
  cross(viewer, ids(place.dataset.missed));
  compare(viewer, place.dataset);
  if (place.dataset.heat) heat(viewer, JSON.parse(place.dataset.heat));
  shown(viewer, ids(place.dataset.tokens));
  if (place.id === "canvas") follow(viewer, JSON.parse(place.dataset.bypass ?? "[]"));
  place.dataset.drawn = "yes";
}

for (const place of document.querySelectorAll("[data-diagram]")) {
  draw(place).catch(() => { place.hidden = true; });
}
