// 键盘:j k 上下,Enter 打开,c 领取,x 勾选,b 批量审核,/ 搜索,Ctrl K 查找,? 帮助。输入法组字时、在输入框里都不响应;可以关掉。
const SWITCH = "sanshen-keys";

function enabled() {
  return localStorage.getItem(SWITCH) !== "off";
}

function typing(event) {
  const target = event.target;
  return event.isComposing || event.keyCode === 229 || target.isContentEditable ||
    /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || document.querySelector("dialog[open]") !== null;
}

function rows() {
  return [...document.querySelectorAll("[data-row]")];
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const now = all.findIndex((row) => row.classList.contains("cur"));
  const next = now < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(now + step, 0), all.length - 1);
  for (const row of all) {
    row.classList.toggle("cur", row === all[next]);
    row.toggleAttribute("aria-current", row === all[next]);
  }
  all[next].setAttribute("aria-current", "true");
  all[next].scrollIntoView({ block: "nearest" });
  all[next].querySelector("[data-open-row]").focus({ preventScroll: true });
}

function show(name) {
  const dialog = document.getElementById(`${name}-dialog`);
  if (dialog && !dialog.open) dialog.showModal();
}

const actions = {
  j: () => move(1),
  k: () => move(-1),
  Enter: () => document.querySelector("[data-row].cur [data-open-row]")?.click(),
  c: () => document.querySelector("[data-row].cur form [data-row-action]")?.click(),
  x: () => document.querySelector("[data-row].cur [data-row-check]")?.click(),
  b: () => document.querySelector("[data-batch]")?.click(),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => show("keys"),
};

function pressed(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !event.isComposing) {
    event.preventDefault();
    show("find");
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event) || !enabled()) return;
  // 焦点在链接或按钮上时,Enter 由浏览器自己办
  if (event.key === "Enter" && event.target !== document.body) return;
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

export function installKeyboard() {
  document.addEventListener("keydown", pressed);
  const box = document.querySelector("[data-keys-switch]");
  if (box) {
    box.checked = enabled();
    box.addEventListener("change", () => localStorage.setItem(SWITCH, box.checked ? "on" : "off"));
  }
  for (const link of document.querySelectorAll("[data-open]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      show(link.dataset.open);
    });
  }
}
