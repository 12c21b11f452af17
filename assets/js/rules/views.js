// 一个模型的几张视图:决策图,每个决策的表或表达式。按钮由此排出,点问题的位置就打开它所在的那一张。
const OWN = "hit";

export class Views {
  constructor(modeler, words) {
    Object.assign(this, { modeler, words });
    this.bar = document.getElementById("views");
    this.bar.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-view]");
      if (button) this.modeler.open(this.modeler.getViews()[Number(button.dataset.view)]);
    });
    modeler.on("views.changed", () => this.draw());
  }

  draw() {
    const views = this.modeler.getViews(), active = this.modeler.getActiveView();
    this.bar.replaceChildren(...views.map((view, index) => {
      const button = document.createElement("button");
      const here = view.element === active?.element && view.type === active?.type;
      button.type = "button";
      button.className = `chip${here ? " on" : ""}`;
      button.dataset.view = String(index);
      button.setAttribute("aria-pressed", String(here));
      button.textContent = view.type === "drd" ? this.words.drd : view.name || view.id;
      return button;
    }));
  }

  // 规则自己的决策是 hit:先看它
  openFirst() {
    const views = this.modeler.getViews();
    return this.modeler.open(views.find(({ element }) => element.id === OWN) ?? views[0]);
  }

  async openAt(id) {
    const view = this.modeler.getViews().find(({ element, type }) => type !== "drd" && holds(element, id));
    if (view && this.modeler.getActiveView()?.element !== view.element) await this.modeler.open(view);
  }
}

// moddle 的元素包含着别的元素:表、行、格
function holds(element, id) {
  if (element.id === id) return true;
  const logic = element.decisionLogic ?? element.encapsulatedLogic;
  if (!logic) return false;
  if (logic.id === id) return true;
  return [...(logic.rule ?? []), ...(logic.input ?? []), ...(logic.output ?? [])].some((part) =>
    part.id === id || [...(part.inputEntry ?? []), ...(part.outputEntry ?? [])].some((cell) => cell.id === id));
}
