// 检查结果标在表里:有问题的格子、行号描红,悬停说原因。编辑器重画以后再标一次。
const MARK = "finding";

export class Marks {
  // findings: [{ element, severity, message }]
  constructor(container, findings) {
    this.container = container;
    this.show(findings);
    new MutationObserver(() => this.later()).observe(container, { childList: true, subtree: true });
  }

  show(findings) {
    this.findings = findings.filter(({ element }) => element);
    this.draw();
  }

  later() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    for (const element of this.container.querySelectorAll(`[data-${MARK}]`)) {
      delete element.dataset[MARK];
      element.removeAttribute("title");
    }
    for (const { element, severity, message } of this.findings) {
      for (const place of this.places(element)) {
        if (place.dataset[MARK] === "error") continue;
        place.dataset[MARK] = severity;
        place.title = message;
      }
    }
  }

  places(id) {
    return this.container.querySelectorAll(`[data-element-id="${CSS.escape(id)}"], [data-row-id="${CSS.escape(id)}"]`);
  }

  flash(id) {
    const place = this.places(id)[0];
    place?.scrollIntoView({ block: "center", inline: "center" });
    place?.focus?.();
  }
}
