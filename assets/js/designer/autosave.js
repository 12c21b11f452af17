// 自动保存:停手就存,带版本号;别人先存了就停下来问,断网就留在本机,什么都不丢。
import { csrfToken, fill } from "./data.js";

const PAUSE = 900;
const RETRY = 8000;

function button(words, run, primary) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = `btn btn-sm ${primary ? "btn-primary" : "btn-line"}`;
  element.textContent = words;
  element.addEventListener("click", run);
  return element;
}

export function download(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export class Autosave {
  // file: { path, saveUrl, revision, draft }; content(): 现在的内容; apply(content): 换成这份; saved(answer): 存好之后
  constructor({ file, words, content, apply, saved }) {
    Object.assign(this, { file, words, content, apply, saved });
    this.key = `sanshen-draft:${file.draft}:${file.path}`;
    this.state = document.getElementById("save-state");
    this.note = document.getElementById("save-note");
    this.dirty = false;
    this.stopped = false;
    this.saving = null;
    window.addEventListener("beforeunload", (event) => { if (this.dirty) event.preventDefault(); });
    window.addEventListener("online", () => { if (this.dirty) this.now(); });
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") { event.preventDefault(); this.now(); }
    });
  }

  changed() {
    this.dirty = true;
    if (this.stopped) { this.keep(); return; }
    this.say(this.words.unsaved);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), PAUSE);
  }

  // 返回一个在存好(或存不了)之后完成的承诺
  async now() {
    clearTimeout(this.timer);
    if (this.saving) { await this.saving; }
    if (!this.dirty || this.stopped) return;
    this.saving = this.send().finally(() => { this.saving = null; });
    await this.saving;
  }

  async send() {
    this.dirty = false;
    const content = await this.content();
    this.say(this.words.saving);
    const body = new FormData();
    body.append("revision", this.file.revision);
    body.append("content", new Blob([content]), "content");
    try {
      const response = await fetch(this.file.saveUrl, {
        method: "POST", body, credentials: "same-origin", redirect: "manual",
        headers: { "X-CSRF-Token": csrfToken(), Accept: "application/json" },
      });
      const answer = response.headers.get("Content-Type")?.startsWith("application/json") ? await response.json() : {};
      if (response.ok) this.done(answer);
      else if (answer.code === "draft_changed") this.conflict(content, answer);
      else if (response.type === "opaqueredirect") this.failed(content, this.words.signedOut);
      else this.failed(content, answer.message ?? fill(this.words.refused, { status: response.status }));
    } catch {
      this.failed(content, this.words.offline);
    }
  }

  done(answer) {
    this.file.revision = answer.revision;
    for (const field of document.querySelectorAll("input[name=revision]")) field.value = answer.revision;
    this.forget();
    this.note.replaceChildren();
    this.say(this.dirty ? this.words.unsaved : answer.saved);
    this.saved(answer);
  }

  failed(content, why) {
    this.dirty = true;
    this.keep(content);
    this.say(this.words.kept);
    this.tell(why, [button(this.words.retry, () => this.now(), true), button(this.words.copy, () => download(this.name(), content))]);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), RETRY);
  }

  // 覆盖对方的、或者丢掉自己的,都得由人来定
  conflict(content, answer) {
    this.stopped = true;
    this.dirty = true;
    this.keep(content);
    this.say(this.words.kept);
    this.tell(answer.message, [
      button(this.words.reload, () => { this.dirty = false; location.reload(); }, true),
      button(this.words.copy, () => download(this.name(), content)),
    ]);
  }

  // 提交、切换文件这些普通表单和链接,先等存好再走
  guardWays() {
    document.addEventListener("click", async (event) => {
      const way = event.target.closest("a[data-after-save], button[data-after-save]");
      if (!way || !(this.dirty || this.saving)) return;
      event.preventDefault();
      await this.now();
      if (this.dirty) return;
      if (way.href) location.assign(way.href);
      else way.form?.requestSubmit(way);
    });
  }

  // 本机留有没存上的修改:打开页面时问用哪一份
  offer() {
    const kept = this.read();
    if (!kept) return;
    this.tell(fill(this.words.found, { when: new Date(kept.at).toLocaleString(this.words.locale) }), [
      button(this.words.useKept, async () => { this.note.replaceChildren(); await this.apply(kept.content); this.changed(); }, true),
      button(this.words.copy, () => download(this.name(), kept.content)),
      button(this.words.discard, () => { this.forget(); this.note.replaceChildren(); }),
    ]);
  }

  name() { return this.file.path.split("/").at(-1); }

  say(text) { if (this.state) this.state.textContent = text; }

  tell(text, buttons) {
    const box = document.createElement("div"), words = document.createElement("span"), row = document.createElement("div");
    box.className = "note soon mb-3";
    box.setAttribute("role", "alert");
    row.className = "row-f";
    words.className = "grow";
    words.textContent = text;
    row.append(words, ...buttons);
    box.append(row);
    row.classList.add("w-100");
    this.note.replaceChildren(box);
  }

  async keep(content) {
    const text = content ?? await this.content();
    try { localStorage.setItem(this.key, JSON.stringify({ content: text, at: Date.now() })); } catch { /* 存不下就只剩页面上这一份,离开前会提醒 */ }
  }

  read() {
    try { return JSON.parse(localStorage.getItem(this.key)); } catch { return null; }
  }

  forget() {
    try { localStorage.removeItem(this.key); } catch { /* 没有本机存储 */ }
  }
}
