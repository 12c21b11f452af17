// 表单:条件字段、自动存稿、离开提醒、防止重复提交、出错时把焦点放到错误汇总。
const AUTOSAVE_AFTER = 1500;

function comparison(term) {
  const match = /^\s*([A-Za-z_]\w*)\s*(!?=)\s*(?:"([^"]*)"|(true|false))\s*$/.exec(term);
  if (!match) return () => false;
  const [, key, operator, text, truth] = match;
  const wanted = text ?? truth;
  return (data) => ((data.get(key) ?? "") === wanted) === (operator === "=");
}

// 与服务器同一小段 FEEL;服务器说了算,这里只是少看几栏
export function hidden(expression, data) {
  return expression.replace(/^\s*=/, "").split(/\bor\b/)
    .some((part) => part.split(/\band\b/).every((term) => comparison(term)(data)));
}

function installHiding(form) {
  const parts = form.querySelectorAll("[data-hide]");
  if (!parts.length) return;
  const update = () => {
    const data = new FormData(form);
    for (const part of parts) part.hidden = hidden(part.dataset.hide, data);
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
