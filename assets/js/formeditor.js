// 表单编辑器:form-js 的编辑器,自动保存同流程图一样;存好后换上服务器渲染的预览。
import "./designer/nonce.js";
import { FormEditor } from "@bpmn-io/form-js-editor";
import { Autosave } from "./designer/autosave.js";
import { readData } from "./designer/data.js";
import { chinese } from "./designer/form-translate.js";

async function preview(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const id of ["preview", "results"]) {
    const fresh = page.getElementById(`${id}-new`);
    if (fresh) document.getElementById(id).replaceChildren(...fresh.childNodes);
  }
}

async function start() {
  const data = readData();
  const place = document.getElementById("form-editor");
  const editor = new FormEditor({ container: place });
  if (data.locale === "zh") chinese(place);
  const response = await fetch(data.file.url, { credentials: "same-origin" });
  await editor.importSchema(JSON.parse(await response.text()));
  const autosave = new Autosave({
    file: data.file, words: data.words,
    content: async () => `${JSON.stringify(editor.saveSchema(), null, 2)}\n`,
    apply: (content) => editor.importSchema(JSON.parse(content)),
    saved: () => preview(data.previewUrl),
  });
  editor.on("commandStack.changed", () => autosave.changed());
  autosave.guardWays();
  autosave.offer();
  place.dataset.drawn = "yes";
}

start().catch((error) => {
  const place = document.getElementById("form-editor");
  place.textContent = error.message;
});
