// form-js 没有翻译的接口:把它界面上的固定文字换成中文。只换认得的整句,用户写的标签不动。
import words from "./form-zh.json";

const ATTRIBUTES = ["title", "placeholder", "aria-label"];

// 画面上用户自己的字不换
const OWN = ".fjs-form .fjs-element, input, textarea, .cm-content";

const CREATE = /^Create an? (.+) element$/;

function known(text) {
  const created = CREATE.exec(text ?? "");
  return created ? `加一栏：${words[created[1]] ?? created[1]}` : words[text];
}

function text(node) {
  const wanted = known(node.data.trim());
  if (wanted && !node.parentElement?.closest(OWN)) node.data = node.data.replace(node.data.trim(), wanted);
}

function attributes(element) {
  for (const name of ATTRIBUTES) {
    const wanted = known(element.getAttribute(name));
    if (wanted) element.setAttribute(name, wanted);
  }
}

function all(root) {
  if (root.nodeType === Node.TEXT_NODE) { text(root); return; }
  if (root.nodeType !== Node.ELEMENT_NODE) return;
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) text(walk.currentNode);
  attributes(root);
  for (const element of root.querySelectorAll("[title], [placeholder], [aria-label]")) attributes(element);
}

export function chinese(root) {
  all(root);
  new MutationObserver((records) => {
    for (const record of records) {
      if (record.type === "characterData") text(record.target);
      else if (record.type === "attributes") attributes(record.target);
      else record.addedNodes.forEach(all);
    }
  }).observe(root, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES });
}
