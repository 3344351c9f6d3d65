import { useEffect, useImperativeHandle, useRef, type Ref } from "react";
import type { Schema } from "../api/types.gen";
import styles from "./Editor.module.css";
import { mark, monaco, teach } from "./monaco";
import { statementAt, type Statement } from "./statements";
import type { Placed } from "./markers";

/** What a page may ask of the editor. */
export interface EditorHandle {
  /** The selection, or else the query at the cursor. */
  current: () => Statement | null;
  insert: (text: string) => void;
  replace: (text: string) => void;
  jump: (offset: number) => void;
  format: () => void;
  focus: () => void;
}

interface Props {
  initial: string; schema: Schema | undefined; isDark: boolean; diagnostics: Placed[]; ref: Ref<EditorHandle>;
  onChange: (text: string) => void; onMove: (offset: number) => void; onRun: () => void; onReady: () => void;
}

/** The KQL editor: Monaco with Microsoft's IntelliSense, judged by our server. */
export default function Editor({ initial, schema, isDark, diagnostics, ref, onChange, onMove, onRun, onReady }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<monaco.editor.IStandaloneCodeEditor>(null);
  const handlers = useRef({ onChange, onMove, onRun, onReady });
  useEffect(() => { handlers.current = { onChange, onMove, onRun, onReady }; });

  useEffect(() => {
    const e = monaco.editor.create(place.current!, {
      language: "kusto", value: initial, automaticLayout: true, minimap: { enabled: false }, fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"), fontSize: 13, lineHeight: 20,
      fontLigatures: false, scrollBeyondLastLine: false, renderLineHighlight: "line", lineNumbersMinChars: 3, folding: false, glyphMargin: false, padding: { top: 8, bottom: 8 }, tabSize: 4,
      wordBasedSuggestions: "off", fixedOverflowWidgets: true, ariaLabel: "KQL query. Control+M moves focus out with Tab.", overviewRulerLanes: 0, hideCursorInOverviewRuler: true, occurrencesHighlight: "off",
      suggest: { showStatusBar: false }, contextmenu: true, unicodeHighlight: { ambiguousCharacters: true },
    });
    editor.current = e;
    const run = () => {
      e.trigger("tocsin", "hideSuggestWidget", {}); // the answer is wanted, not a next word
      handlers.current.onRun();
    };
    e.addAction({ id: "tocsin.run", label: "Run query at the cursor", keybindings: [monaco.KeyMod.Shift | monaco.KeyCode.Enter, monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter], run });
    e.onDidChangeModelContent(() => handlers.current.onChange(e.getValue()));
    e.onDidChangeCursorPosition((c) => handlers.current.onMove(e.getModel()!.getOffsetAt(c.position)));
    e.focus();
    void document.fonts.ready.then(() => monaco.editor.remeasureFonts());
    return () => {
      e.getModel()?.dispose();
      e.dispose();
    };
    // The editor owns its text from here on; a new initial text does not replace it.
  }, []);

  useEffect(() => { monaco.editor.setTheme(isDark ? "tocsin-dark" : "tocsin-light"); }, [isDark]);
  useEffect(() => {
    const model = editor.current?.getModel();
    if (model && schema) void teach(model, schema);
  }, [schema]);
  useEffect(() => {
    const model = editor.current?.getModel();
    if (!model) return;
    mark(model, diagnostics.map((d) => {
      const [from, to] = [model.getPositionAt(d.from), model.getPositionAt(d.to)];
      return {
        severity: d.severity === "error" ? monaco.MarkerSeverity.Error : d.severity === "warning" ? monaco.MarkerSeverity.Warning : monaco.MarkerSeverity.Info, code: d.code, source: "Tocsin",
        message: d.hint ? `${d.message}\n${d.hint}` : d.message, startLineNumber: from.lineNumber, startColumn: from.column, endLineNumber: to.lineNumber, endColumn: to.column,
      };
    }));
  }, [diagnostics]);

  useImperativeHandle(ref, () => ({
    current: () => current(editor.current!),
    insert: (text) => { editor.current!.trigger("tocsin", "type", { text }); editor.current!.focus(); },
    replace: (text) => { const e = editor.current!; e.executeEdits("tocsin", [{ range: e.getModel()!.getFullModelRange(), text }]); e.pushUndoStop(); e.focus(); },
    jump: (offset) => {
      const e = editor.current!;
      const position = e.getModel()!.getPositionAt(offset);
      e.setPosition(position);
      e.revealPositionInCenterIfOutsideViewport(position);
      e.focus();
    },
    format: () => void editor.current!.getAction("editor.action.formatDocument")?.run(),
    focus: () => editor.current?.focus(),
  }), []);
  useEffect(() => { handlers.current.onReady(); }, []); // last of all: the handle above is in place
  return <div ref={place} className={styles.editor} data-testid="editor" />;
}

function current(editor: monaco.editor.IStandaloneCodeEditor): Statement | null {
  const model = editor.getModel()!;
  const selection = editor.getSelection();
  if (selection && !selection.isEmpty()) {
    const text = model.getValueInRange(selection);
    const start = model.getOffsetAt(selection.getStartPosition());
    if (text.trim()) return { text, start, end: start + text.length };
  }
  return statementAt(model.getValue(), model.getOffsetAt(editor.getPosition()!));
}
