// 全站脚本:深浅色、键盘、自动存稿、离开提醒、条件字段。没有它,页面照样能用。
import htmx from "htmx.org";
import { installKeyboard } from "./_keyboard.js";
import { installForms } from "./_forms.js";

const root = document.documentElement;

function csrfToken() {
  return document.querySelector("input[name=csrf_token]")?.value ?? "";
}

// htmx 的请求与普通表单一样带令牌
function installHtmx() {
  window.htmx = htmx;
  document.body.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF-Token"] = csrfToken();
  });
}

function installTheme() {
  const button = document.querySelector("[data-theme]");
  button?.addEventListener("click", (event) => {
    event.preventDefault();
    const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    root.dataset.bsTheme = theme;
    button.value = theme === "dark" ? "light" : "dark";
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `sanshen_theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  });
}

// 菜单点别处或按 Esc 收起
function installMenus() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

function installPrint() {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.addEventListener("click", async (event) => {
      event.preventDefault();
      if (button.href) await fetch(button.href, { credentials: "same-origin" });
      window.print();
    });
  }
}

// 卷宗目录跟着滚动走
function installContents() {
  const links = [...document.querySelectorAll(".toc a")];
  if (!links.length) return;
  const sections = links.map((link) => document.querySelector(link.hash));
  const mark = () => {
    const passed = sections.findLastIndex((section) => section && section.getBoundingClientRect().top < 120);
    links.forEach((link, index) => link.toggleAttribute("aria-current", index === Math.max(passed, 0)));
    links[Math.max(passed, 0)].setAttribute("aria-current", "true");
  };
  document.addEventListener("scroll", mark, { passive: true });
  mark();
}

// 一长串任务分几次办:办完一批,自动接着办下一批
function installContinuing() {
  document.querySelector("form[data-continue]")?.requestSubmit();
}

installHtmx();
installTheme();
installMenus();
installPrint();
installContents();
installForms(csrfToken);
installKeyboard();
installContinuing();
