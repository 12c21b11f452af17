// 内容安全策略只许带本页随机数的样式:编辑器在运行时插入的 style 元素由此带上它。
const nonce = document.currentScript?.nonce ?? "";
const create = Document.prototype.createElement;

Document.prototype.createElement = function createElement(name, options) {
  const element = create.call(this, name, options);
  if (nonce && String(name).toLowerCase() === "style") element.setAttribute("nonce", nonce);
  return element;
};
