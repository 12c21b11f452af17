// 检查结果与步骤表:服务器渲染好的两段 HTML,换进页面;点位置就在图上选中,点反例就画红线。
import { number } from "../_bypass.js";

export class Results {
  // show(element): 在图上选中; bypass: 画反例
  constructor(data, { show, bypass, edit }) {
    Object.assign(this, { data, show, bypass, edit });
    this.shown = 0;
    document.addEventListener("click", (event) => this.clicked(event));
    document.addEventListener("submit", (event) => this.submitted(event));
  }

  async refresh() {
    const asked = ++this.shown;
    const response = await fetch(this.data.checkUrl, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!response.ok || asked !== this.shown) return;
    const answer = await response.json();
    for (const [id, html] of Object.entries(answer.parts)) this.swap(id, html);
    this.paths(answer.findings);
    document.body.dataset.checked = String(answer.revision);
  }

  // 打开着的行表单正在填,别替人关上
  swap(id, html) {
    const place = document.getElementById(id);
    if (!place) return;
    const filling = place.contains(document.activeElement) && document.activeElement.closest("form");
    if (filling || [...place.querySelectorAll("form :is(input, textarea, select)")].some(typed)) { place.dataset.stale = "yes"; return; }
    place.innerHTML = html;
  }

  // 第一个有反例的画出来
  paths(findings) {
    this.findings = findings;
    const first = findings.findIndex((finding) => finding.path?.length);
    this.draw(first);
  }

  draw(index) {
    const finding = this.findings?.[index];
    this.bypass.show(finding?.path, finding ? `${number(finding.number)} ${finding.label}` : "");
  }

  clicked(event) {
    const link = event.target.closest("[data-element], [data-finding]");
    if (!link) return;
    event.preventDefault();
    if (link.dataset.finding !== undefined) this.draw(Number(link.dataset.finding));
    if (link.dataset.element) this.show(link.dataset.element);
    document.getElementById("canvas")?.scrollIntoView({ block: "nearest" });
  }

  // 步骤表的行表单:有脚本时改模型(可撤销),没有脚本时由服务器改文件
  submitted(event) {
    const form = event.target.closest("form[data-step]");
    if (!form || !this.edit) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.edit(form.dataset.step, Object.fromEntries(new FormData(form)));
    form.closest("details").open = false;
  }
}

// 填了还没提交的格子
function typed(field) {
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.type === "hidden") return false;
  const options = [...(field.options ?? [])];
  if (options.length) return options.some((option) => option.selected !== option.defaultSelected) && options.some((option) => option.defaultSelected);
  return field.value !== field.defaultValue;
}
