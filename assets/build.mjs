// Builds the islands (assets/js/*.js) and the styles (assets/css/*.css) into app/static/dist, under names that
// carry a digest of their content, and writes manifest.json: {"app.js": "app-3F2A….js", …}.
// The directory is replaced at the end in one step, so an interrupted build leaves the old one.
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const target = path.join(root, "app", "static", "dist");
const draft = `${target}.new`;
const previous = `${target}.old`;

async function sources(folder, extension) {
  const directory = path.join(root, "assets", folder);
  const names = existsSync(directory) ? await readdir(directory) : [];
  return names.filter((name) => name.endsWith(extension) && !name.startsWith("_")).sort()
    .map((name) => path.join(directory, name));
}

function manifestOf(outputs) {
  const manifest = {};
  for (const [output, { entryPoint, cssBundle }] of Object.entries(outputs)) {
    if (!entryPoint) continue;
    const name = path.basename(entryPoint);
    manifest[name] = path.basename(output);
    // Styles that an island imports come out as a file of their own.
    if (cssBundle) manifest[name.replace(/\.js$/, ".css")] = path.basename(cssBundle);
  }
  return manifest;
}

// esbuild keeps the legal comments inside the files; many packages carry theirs in a file only.
async function licences(inputs) {
  const packages = new Set();
  for (const input of Object.keys(inputs)) {
    const found = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/);
    if (found) packages.add(found[1]);
  }
  const texts = [];
  for (const name of [...packages].sort()) {
    const directory = path.join(root, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(path.join(directory, "package.json"), "utf8"));
    const file = (await readdir(directory)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? await readFile(path.join(directory, file), "utf8") : "";
    texts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return texts.join(`\n${"-".repeat(78)}\n\n`);
}

// The content security policy allows no style attributes in markup; what packages write so, our styles say instead.
const styled = { filter: /bpmn-js-properties-panel[\\/]dist[\\/]index\.esm\.js$/, markup: 'style="height: 100%"' };
// What dmn-js makes from markup (its mark, that must stay as it is) keeps its styles: set by script, they are allowed.
const made = { filter: /node_modules[\\/]domify[\\/]index\.js$/, markup: "element.innerHTML = prefix + htmlString + suffix;" };
const withoutInlineStyles = {
  name: "without-inline-styles",
  setup: (builder) => {
    replacing(builder, styled, "");
    replacing(builder, made, `element.innerHTML = prefix + htmlString.replace(/ style="/g, ' data-style="') + suffix;
		for (const one of element.querySelectorAll("[data-style]")) {
			one.style.cssText = one.dataset.style;
			delete one.dataset.style;
		}`);
  },
};

function replacing(builder, { filter, markup }, by) {
  builder.onLoad({ filter }, async ({ path: file }) => {
    const source = await readFile(file, "utf8");
    if (!source.includes(markup)) throw new Error(`${file} no longer holds ${markup}: adapt assets/build.mjs`);
    return { contents: source.replaceAll(markup, by), loader: "js" };
  });
}

// The form editor and the fields it shows must share one preact: npm installs the editor's beside it.
const editorDirectory = path.join(root, "node_modules", "@bpmn-io", "form-js-editor");
const oneFormPreact = {
  name: "one-form-preact",
  setup: (builder) => builder.onResolve({ filter: /^preact($|\/)/ }, ({ path: name, importer, kind }) => {
    if (!importer.includes("form-js-viewer")) return undefined;
    return builder.resolve(name, { resolveDir: editorDirectory, kind });
  }),
};

await rm(draft, { recursive: true, force: true });
await mkdir(draft, { recursive: true });
const result = await build({
  absWorkingDir: root,
  entryPoints: [...(await sources("js", ".js")), ...(await sources("css", ".css"))],
  outdir: draft,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  format: "iife",
  minify: true,
  sourcemap: false,
  metafile: true,
  legalComments: "eof",
  charset: "utf8",
  target: ["chrome109", "firefox115", "safari16"],
  plugins: [withoutInlineStyles, oneFormPreact],
  loader: { ".svg": "file", ".woff": "file", ".woff2": "file", ".ttf": "file", ".eot": "file", ".png": "file" },
  logLevel: "warning",
});
const manifest = manifestOf(result.metafile.outputs);
// The symbols of the interface: templates refer to them as <use href="…bootstrap-icons.svg#name">.
const symbols = await readFile(path.join(root, "node_modules", "bootstrap-icons", "bootstrap-icons.svg"));
const digest = createHash("sha256").update(symbols).digest("hex").slice(0, 8).toUpperCase();
manifest["bootstrap-icons.svg"] = `bootstrap-icons-${digest}.svg`;
await writeFile(path.join(draft, manifest["bootstrap-icons.svg"]), symbols);
await writeFile(path.join(draft, "licences.txt"), await licences({ ...result.metafile.inputs, "node_modules/bootstrap-icons/": {} }));
await writeFile(path.join(draft, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
await rm(previous, { recursive: true, force: true });
if (existsSync(target)) await rename(target, previous);
await rename(draft, target);
await rm(previous, { recursive: true, force: true });
console.log(`   ${Object.keys(manifest).length} files in app/static/dist`);
