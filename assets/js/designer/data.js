// 服务器交给设计器的东西:地址、版本号、可选的岗位与表单、界面文字。页面里是一段不执行的 JSON。
export function readData() {
  return JSON.parse(document.getElementById("designer-data").textContent);
}

// words["保存于 %(time)s"] 一类的文字,把 %(name)s 换成值
export function fill(text, values) {
  return text.replace(/%\((\w+)\)s/g, (_, key) => String(values[key] ?? ""));
}

export function csrfToken() {
  return document.querySelector("input[name=csrf_token]")?.value ?? "";
}
