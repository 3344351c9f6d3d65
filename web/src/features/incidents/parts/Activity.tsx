import { Button, Textarea } from "@fluentui/react-components";
import { BotRegular, FlashRegular, LinkMultipleRegular, PersonRegular, PlugConnectedRegular, ServerRegular } from "@fluentui/react-icons";
import { useRef, useState, type RefObject } from "react";
import { problemOf } from "../../../api/client";
import type { ActorKind, TimelineEntry } from "../../../api/types.gen";
import { Failure } from "../../../ui/Failure";
import { When } from "../../../ui/When";
import { useComment } from "../queries";
import styles from "./Activity.module.css";

const icons: Record<ActorKind, typeof PersonRegular> = { person: PersonRegular, rule: FlashRegular, correlation: LinkMultipleRegular, automation: BotRegular, api: PlugConnectedRegular, system: ServerRegular };

interface Props { number: number; timeline: TimelineEntry[]; canComment: boolean; composer: RefObject<HTMLTextAreaElement | null> }

/** The activity log: all that was done and said, newest first, with the field to say more. */
export function Activity({ number, timeline, canComment, composer }: Props) {
  return (
    <section className={styles.activity} aria-label="Activity">
      <h2 className={styles.heading}>Activity <span>{timeline.length}</span></h2>
      {canComment && <Composer number={number} inner={composer} />}
      <ol className={styles.log}>{timeline.map((e) => <Entry key={e.seq} entry={e} />)}</ol>
    </section>
  );
}

function Composer({ number, inner }: { number: number; inner: RefObject<HTMLTextAreaElement | null> }) {
  const [text, setText] = useState("");
  const comment = useComment(number);
  const form = useRef<HTMLFormElement>(null);
  const send = () => {
    if (text.trim() && !comment.isPending) comment.mutate(text.trim(), { onSuccess: () => setText("") });
  };
  return (
    <form ref={form} className={styles.composer} onSubmit={(e) => { e.preventDefault(); send(); }}>
      <Textarea
        ref={inner} value={text} rows={text ? 4 : 2} resize="vertical" placeholder="Write a comment. Plain text; Ctrl+Enter sends." aria-label="Comment" maxLength={30_000}
        onChange={(_, d) => setText(d.value)} onKeyDown={(e) => { if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); send(); } }}
      />
      {comment.error && <Failure size="line" problem={problemOf(comment.error)} />}
      {text.trim() && <Button size="small" appearance="primary" type="submit" disabled={comment.isPending}>{comment.isPending ? "Sending…" : "Comment"}</Button>}
    </form>
  );
}

function Entry({ entry: e }: { entry: TimelineEntry }) {
  const Icon = icons[e.actor.kind] ?? ServerRegular; // a kind of a newer server
  return (
    <li className={styles.entry} data-comment={e.comment !== "" || undefined}>
      <Icon aria-label={e.actor.kind} className={styles.icon} />
      <div>
        <p><b data-kind={e.actor.kind}>{e.actor.name}</b> {e.text} <span className={styles.when}><When at={e.at} suffix /></span></p>
        {e.comment && <p className={styles.comment}>{e.comment}</p>}
      </div>
    </li>
  );
}
