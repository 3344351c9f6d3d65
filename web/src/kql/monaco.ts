import * as monaco from "monaco-editor/esm/vs/editor/editor.api";
import "monaco-editor/esm/vs/editor/editor.all";
import EditorWorker from "monaco-editor/esm/vs/editor/editor.worker?worker";
import { getKustoWorker, kustoDefaults } from "@kusto/monaco-kusto";
import KustoWorker from "@kusto/monaco-kusto/release/esm/kusto.worker?worker";
import type { Schema } from "../api/types.gen";
import { toKusto } from "./intellisense";

self.MonacoEnvironment = { getWorker: (_id, label) => (label === "kusto" ? new KustoWorker() : new EditorWorker()) };

kustoDefaults.setLanguageSettings({
  ...kustoDefaults.languageSettings,
  includeControlCommands: false, // our server takes queries only
  useTokenColorization: true, // at once, until the worker has coloured by meaning
  newlineAfterPipe: false,
  enableQuickFixes: false,
});

// The server is the only one to judge a query: what it runs is what it accepts.
// The language service's own opinion would contradict it where the dialects
// differ, so its markers are dropped. It also wipes every squiggle before it
// sets them (monaco-kusto 10, DiagnosticsAdapter), so ours are drawn again.
const publish = monaco.editor.setModelMarkers;
const owner = "tocsin";
(monaco.editor as { setModelMarkers: typeof publish }).setModelMarkers = (model, by, markers) => {
  if (by === "kusto") mark(model, monaco.editor.getModelMarkers({ owner, resource: model.uri }));
  else publish(model, by, markers);
};

/** Shows what the server says of a query. */
export function mark(model: monaco.editor.ITextModel, markers: monaco.editor.IMarkerData[]): void {
  publish(model, owner, markers.map((m) => ({ ...m })));
}

const colors = {
  light: { "editor.background": "#ffffff", "editor.lineHighlightBackground": "#f6f8fa", "editorLineNumber.foreground": "#8a949c", "editorLineNumber.activeForeground": "#424b53" },
  dark: { "editor.background": "#1c2126", "editor.lineHighlightBackground": "#232a31", "editorLineNumber.foreground": "#6d7a84", "editorLineNumber.activeForeground": "#c9d1d8", "editorWidget.background": "#232a31", "editorSuggestWidget.background": "#232a31" },
};

// The tokens of the quick, local highlighting, in the colours that the language
// service gives the same words a moment later: analysts know them from Microsoft's editors.
const tokens: Record<string, [light: string, dark: string]> = {
  "operator.sql": ["cc3700", "9cdcfe"], keyword: ["0000ff", "569cd6"], function: ["0000ff", "dcdcaa"], "operator.scss": ["0000ff", "569cd6"], string: ["b22222", "ce9178"], number: ["b22222", "ce9178"],
  comment: ["008000", "6a9b34"], variable: ["c71585", "4ec9b0"], "variable.parameter": ["c71585", "c586c0"], type: ["0000ff", "569cd6"],
};
const rules = (theme: 0 | 1) => Object.entries(tokens).map(([token, shades]) => ({ token, foreground: shades[theme] }));
monaco.editor.defineTheme("tocsin-light", { base: "vs", inherit: true, rules: rules(0), colors: colors.light });
monaco.editor.defineTheme("tocsin-dark", { base: "vs-dark", inherit: true, rules: rules(1), colors: colors.dark });

/** Tells IntelliSense which tables, columns and functions there are. */
export async function teach(model: monaco.editor.ITextModel, schema: Schema): Promise<void> {
  const accessor = await getKustoWorker();
  const worker = await accessor(model.uri);
  await worker.setSchema(toKusto(schema));
}

export { monaco };
