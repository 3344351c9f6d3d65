package transform_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/internal/transform"
)

func letter(id, body string) telemetry.Letter {
	return telemetry.Letter{ID: tocsin.EventID(id), Raw: tocsin.Raw{Source: "s", Position: id, Format: tocsin.FormatRow, Table: "SigninLogs", ReceivedAt: now, Body: []byte(body)}}
}

func TestMend_ChangesRecordsAndKeepsWhoTheyAre(t *testing.T) {
	cut := letter("3", "{")
	cut.IsTruncated = true
	page := []telemetry.Letter{letter("1", `{"a":NaN}`), letter("2", "\xff\xfe"), cut}
	for _, c := range []struct {
		change  transform.Change
		want    string // table, format, body of each record that is tried
		skipped string
	}{
		{transform.Change{}, "SigninLogs row {\"a\":NaN}|SigninLogs row \xff\xfe", "only the beginning"},
		{transform.Change{Table: "SecurityEvent", Format: tocsin.FormatLine}, "SecurityEvent line {\"a\":NaN}|SecurityEvent line \xff\xfe", "only the beginning"},
		{transform.Change{Edit: "source | where RawEncoding == 'utf-8' | extend RawData = replace_string(RawData, 'NaN', 'null')"}, `SigninLogs row {"a":null}`, "leaves the record out"},
		{transform.Change{Edit: "source | extend RawData = iff(RawEncoding == 'base64', '!', RawData)"}, `SigninLogs row {"a":NaN}`, "not base64"},
	} {
		m, err := transform.NewMend(c.change, tables(t), clock)
		if err != nil {
			t.Errorf("%+v: %v", c.change, err)
			continue
		}
		var skipped []string
		raws, ids, err := m.Apply(context.Background(), page, func(reason string) { skipped = append(skipped, reason) })
		m.Close()
		if err != nil || len(raws) != len(ids) || len(raws)+len(skipped) != len(page) {
			t.Errorf("%+v: %d records, %d ids, skipped %q, %v", c.change, len(raws), len(ids), skipped, err)
			continue
		}
		var got []string
		for i := range raws {
			got = append(got, raws[i].Table+" "+string(raws[i].Format)+" "+string(raws[i].Body))
			for j := range page {
				if page[j].ID == ids[i] && raws[i].Digest() != page[j].Raw.Digest() {
					t.Errorf("%+v: letter %s is another record now", c.change, ids[i])
				}
			}
		}
		if strings.Join(got, "|") != c.want || !strings.Contains(strings.Join(skipped, "|"), c.skipped) {
			t.Errorf("%+v: %q, skipped %q", c.change, got, skipped)
		}
	}
}

func TestMend_RefusesWhatItCannotDo(t *testing.T) {
	for _, c := range []transform.Change{
		{Table: "NoSuchTable"}, {Table: "signinlogs"}, {Format: "punchcard"}, {Edit: "source | summarize count()"}, {Edit: "source | extend X ="},
	} {
		if _, err := transform.NewMend(c, tables(t), clock); !tocsin.IsKind(err, tocsin.Invalid) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
