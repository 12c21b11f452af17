// 表单:条件字段、自动存稿、离开提醒、防止重复提交、出错时把焦点放到错误汇总。
const AUTOSAVE_AFTER = 1500;

// 最常见的条件(“键 = 文本”用 and、or 相连)在此直接算;其余的 FEEL 按需装入 conditions.js。
// 服务器说了算,这里只是少看几栏。
const TERM = /^\s*([A-Za-z_]\w*)\s*(!?=)\s*(?:"([^"\\]*)"|(true|false))\s*$/;

// 把条件读成“或”的“与”;不是这样的给 null
function terms(expression) {
  const found = expression.replace(/^\s*=/, "").split(/\bor\b/)
    .map((part) => part.split(/\band\b/).map((term) => TERM.exec(term)));
  return found.flat().every(Boolean) ? found : null;
}

// 空的是 null,不等于任何文本;没有勾的是 false
function equals(typed, text, truth) {
  return truth ? (typed === "true") === (truth === "true") : typed !== "" && typed === text;
}

function holds(alternatives, data) {
  return alternatives.some((all) => all.every(([, key, operator, text, truth]) =>
    equals(data.get(key) ?? "", text, truth) === (operator === "=")));
}

const source = document.currentScript;

function load(address) {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    Object.assign(script, { src: address, nonce: source.nonce, onload: done, onerror: failed });
    document.head.append(script);
  });
}

// 每个条件一个“表单数据 → 是否隐藏”;装不上 conditions.js 时就都显示
async function conditions(parts) {
  const simple = new Map([...parts].map((part) => [part, terms(part.dataset.hide)]));
  if ([...simple.values()].some((found) => !found) && !window.sanshenConditions) {
    await load(source.dataset.conditions).catch(() => {});
  }
  return [...simple].map(([part, found]) => [part, found
    ? (form) => holds(found, new FormData(form))
    : (form) => window.sanshenConditions?.(part.dataset.hide, form) ?? false]);
}

async function installHiding(form) {
  const parts = form.querySelectorAll("[data-hide]");
  if (!parts.length) return;
  const hidden = await conditions(parts);
  const update = () => {
    for (const [part, hides] of hidden) part.hidden = hides(form);
  };
  form.addEventListener("input", update);
  update();
}

function installAutosave(form, csrfToken) {
  const saved = document.getElementById("saved");
  let timer = 0;
  const save = async () => {
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    try {
      const response = await fetch(form.dataset.autosave, {
        method: "POST", body: data, credentials: "same-origin", redirect: "manual",
        headers: { "X-CSRF-Token": csrfToken(), Accept: "application/json" },
      });
      if (!response.ok) return;
      const answer = await response.json();
      if (saved) saved.textContent = answer.saved;
      form.dataset.dirty = "";
    } catch { /* 断网时留着未存的标记,离开前会提醒 */ }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, AUTOSAVE_AFTER);
  });
  form.addEventListener("submit", () => clearTimeout(timer));
}

function installGuard(form) {
  form.addEventListener("input", () => { form.dataset.dirty = "yes"; });
  form.addEventListener("submit", () => { form.dataset.dirty = ""; });
  window.addEventListener("beforeunload", (event) => {
    if (form.dataset.dirty === "yes") event.preventDefault();
  });
}

// 双击提交:第一下之后按钮停用;服务器另有幂等键
function installOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  });
}

export function installForms(csrfToken) {
  for (const form of document.querySelectorAll("form[data-guard]")) {
    installHiding(form);
    installGuard(form);
    if (form.dataset.autosave) installAutosave(form, csrfToken);
  }
  for (const form of document.querySelectorAll("form[method=post]")) installOnce(form);
  for (const field of document.querySelectorAll("[data-autosubmit]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }
  document.querySelector("[data-submit-now]")?.requestSubmit();
  document.querySelector(".errsum")?.focus();
}
