// 表单的隐藏条件:完整的 FEEL。只在表单的条件超出 _forms.js 直接能算的写法时才装入。
// 值与服务器看到的相同:数是数,勾是布尔,多选是列表,日期与时刻是日期与时刻,空的是 null。
import { evaluate } from "@bpmn-io/feelin";

const MOMENTS = { date: "date(x)", "datetime-local": "date and time(x)", time: "time(x)" };

function moment(type, text) {
  const whole = type === "date" ? text : text.length === 5 || text.length === 16 ? `${text}:00` : text;
  return evaluate(MOMENTS[type], { x: type === "datetime-local" ? `${whole}@Asia/Shanghai` : whole }).value;
}

function valueOf(controls) {
  const [first] = controls;
  if (first.type === "checkbox") {
    const single = first.id === `field-${first.name}`;
    return single ? first.checked : controls.filter((one) => one.checked).map((one) => one.value);
  }
  if (first.type === "radio") return controls.find((one) => one.checked)?.value ?? null;
  const text = first.value.trim();
  if (!text) return null;
  if (first.type === "number") return Number.isNaN(first.valueAsNumber) ? null : first.valueAsNumber;
  return MOMENTS[first.type] ? moment(first.type, text) : text;
}

function valuesOf(form) {
  const controls = new Map();
  for (const control of form.elements) {
    if (control.name) controls.set(control.name, [...(controls.get(control.name) ?? []), control]);
  }
  return Object.fromEntries([...controls].map(([name, found]) => [name, valueOf(found)]));
}

window.sanshenConditions = (expression, form) => {
  try {
    return evaluate(expression.replace(/^\s*=/, ""), valuesOf(form)).value === true;
  } catch {
    return false;
  }
};
