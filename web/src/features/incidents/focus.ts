import type { Alert, Entity } from "../../api/types.gen";
import { entityName } from "./model";

/** What the user points at: an entity or an alert; its counterparts light up. */
export type Focus = { entity: string } | { alert: string } | null;

/** Says how an alert stands to what is pointed at. */
export function alertLight(alert: Alert, focus: Focus): "lit" | "dim" | undefined {
  if (!focus || !("entity" in focus)) return undefined;
  return alert.entities.some((e) => entityName(e) === focus.entity) ? "lit" : "dim";
}

/** Says how an entity stands to what is pointed at. */
export function entityLight(entity: Entity & { alerts: string[] }, focus: Focus): "lit" | "dim" | undefined {
  if (!focus) return undefined;
  if ("entity" in focus) return entityName(entity) === focus.entity ? "lit" : undefined;
  return entity.alerts.includes(focus.alert) ? "lit" : "dim";
}
