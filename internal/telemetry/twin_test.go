package telemetry_test

import (
	"context"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

// rendering is a renderer that shows what it was given.
func rendering(o *telemetry.Options) {
	o.Render = telemetry.Renderer{
		Data: func(twin, data string, at time.Time) string {
			return twin[:1] + "|" + data + "|" + at.Format(time.RFC3339)
		},
		Parameters: func(twin, data string) string { return "p" + data },
	}
}

// windowsEvent makes a row of WindowsEvent or Event.
func windowsEvent(t *testing.T, table, id, twin string, values map[string]tocsin.Value) tocsin.Event {
	t.Helper()
	decl, _ := contentSchema(t).Table(table)
	ev := tocsin.Event{ID: tocsin.EventID(id), Table: table, Source: "s", OccurredAt: noon, ReceivedAt: noon, Twin: twin, Values: make([]tocsin.Value, len(decl.Columns)-3)}
	for name, v := range values {
		i, ok := decl.Column(name)
		if !ok {
			t.Fatalf("no column %s", name)
		}
		ev.Values[i] = v
	}
	return ev
}

const eventRows = `SELECT _EventId || ' ' || EventData || ' ' || ParameterXml || ' ' || UserName || ' ' || SourceSystem || ' ' || RenderedDescription || ' ' || EventCategory::VARCHAR || ' ' || "Type" FROM "Event" ORDER BY ALL`

func TestTwin_RowsOfEventAreThoseSentAndThoseOfWindowsEvent(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, rendering)
	appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{
		windowsEvent(t, "WindowsEvent", "with", "dTocsin\nsaid", map[string]tocsin.Value{
			"EventData": tocsin.DynamicValue(`{"a":1}`), "SystemUserId": tocsin.StringValue("S-1-5-18"), "Task": tocsin.IntValue(7),
		}),
		windowsEvent(t, "WindowsEvent", "without", "", map[string]tocsin.Value{"EventData": tocsin.DynamicValue(`{"b":1}`), "Task": tocsin.IntValue(8)}),
	}})
	twin := `with d|{"a":1}|` + noon.Format(time.RFC3339) + ` p{"a":1} NT AUTHORITY\SYSTEM Tocsin said 7 Event`
	wantText(t, "rows", query(t, s, eventRows), twin+"\n")
	appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{windowsEvent(t, "Event", "own", "", map[string]tocsin.Value{"EventData": tocsin.StringValue("<x/>"), "EventCategory": tocsin.IntValue(1)})}})
	for range 2 { // as it was, and opened again
		wantText(t, "rows", query(t, s, eventRows), "own <x/>     1 Event\n"+twin+"\n")
		if ev, err := s.Event(context.Background(), "Event", "with"); err != nil || ev.ID != "with" {
			t.Errorf("event %v, %v", ev.ID, err)
		}
		s.Close()
		s = open(t, dir, rendering)
	}
}

// TestTwin_OldDatabases: rows stored before there were twins have none, and
// those that come later do.
func TestTwin_OldDatabases(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	values := map[string]tocsin.Value{"EventData": tocsin.DynamicValue(`{}`), "Task": tocsin.IntValue(1)}
	appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{windowsEvent(t, "WindowsEvent", "old", "", values)}})
	s.Close()
	telemetry.DropTwinColumn(t, dir)
	s = open(t, dir, rendering)
	appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{windowsEvent(t, "WindowsEvent", "older", "", values)}})
	wantText(t, "rows", query(t, s, eventRows), "")
	appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{windowsEvent(t, "WindowsEvent", "new", "dTocsin\n", values)}})
	wantText(t, "rows", query(t, s, `SELECT _EventId FROM "Event"`), "new\n")
}

func TestTwin_NeedsARendererAndItsTable(t *testing.T) {
	s := open(t, "")
	values := map[string]tocsin.Value{"Task": tocsin.IntValue(1)}
	if _, err := s.Append(context.Background(), telemetry.Batch{Events: []tocsin.Event{windowsEvent(t, "WindowsEvent", "x", "d", values)}}); !tocsin.IsKind(err, tocsin.Internal) {
		t.Errorf("stored without a renderer: %v", err)
	}
	s = open(t, "", rendering)
	ev := windowsEvent(t, "Event", "x", "d", nil)
	if a := appendOK(t, s, telemetry.Batch{Events: []tocsin.Event{ev}}); a.DeadLettered != 1 {
		t.Errorf("a twin of a table that has none: %+v", a)
	}
}
