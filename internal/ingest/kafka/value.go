package kafka

import (
	"bytes"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// each cuts the records of a poll into raw ones, in their order.
func (c *Consumer) each(fetches kgo.Fetches, yield func(tocsin.Raw) bool) {
	goOn := true
	fetches.EachRecord(func(r *kgo.Record) {
		if goOn {
			goOn = c.value(r, yield)
		}
	})
}

// value makes the raw records of one value; false when no more are wanted. A
// record without a value, with which topics that are compacted delete, is none.
func (c *Consumer) value(r *kgo.Record, yield func(tocsin.Raw) bool) bool {
	position := r.Topic + "/" + strconv.Itoa(int(r.Partition)) + "/" + strconv.FormatInt(r.Offset, 10)
	raw := tocsin.Raw{Source: c.opts.Sender.Source, Position: position, ReceivedAt: c.opts.Intake.Now().UTC()}
	table := c.opts.Sender.TableFor(r.Topic)
	text := bytes.TrimLeft(r.Value, " \t\r\n\ufeff")
	switch {
	case len(text) == 0:
		return true
	case len(r.Value) > c.opts.Sender.Limits.RecordBytes:
		c.opts.Intake.Refused(ingest.DoorKafka, "value longer than the limit, dead-lettered", 1)
		raw.Format = tocsin.FormatDamaged
		raw.Body = []byte("the value has " + strconv.Itoa(len(r.Value)) + " bytes, at most " + strconv.Itoa(c.opts.Sender.Limits.RecordBytes) + " are taken. It is still in the topic, at " + position)
		return yield(raw)
	case text[0] == '{' || text[0] == '[' || isPacked(text):
		return c.json(r, raw, table, yield)
	case text[0] == '<' && len(text) > 1 && text[1] >= '0' && text[1] <= '9':
		raw.Format = tocsin.FormatSyslog
	case bytes.HasPrefix(text, []byte("<Event")):
		raw.Format = tocsin.FormatWindows
	default:
		raw.Format = tocsin.FormatLine
	}
	raw.Body = bytes.TrimRight(text, "\r\n\x00")
	if table != "" {
		envelope := ingest.Envelope{Format: raw.Format, Table: table, Text: string(raw.Body)}
		raw.Format, raw.Table, raw.Body = tocsin.FormatEnvelope, table, envelope.Append(nil)
	}
	return yield(raw)
}

// json cuts JSON as every door does; each object adds its number to the position.
func (c *Consumer) json(r *kgo.Record, raw tocsin.Raw, table string, yield func(tocsin.Raw) bool) bool {
	spec := ingest.Spec{
		Source: raw.Source, Format: tocsin.FormatJSONLine, Prefix: raw.Position, ReceivedAt: raw.ReceivedAt,
		MaxBytes: 16 * tocsin.MaxRawBytes, // a value in gzip
	}
	if table != "" {
		spec.Format, spec.Table = tocsin.FormatRow, table
	}
	for one, err := range ingest.Read(bytes.NewReader(r.Value), spec) {
		if err != nil {
			raw.Format, raw.Body = tocsin.FormatDamaged, []byte("the value at "+raw.Position+" cannot be read to its end: "+ingest.Reason(err))
			return yield(raw)
		}
		if !yield(one) {
			return false
		}
	}
	return true
}

// isPacked reports whether a value is gzip or zstd.
func isPacked(v []byte) bool {
	return bytes.HasPrefix(v, []byte{0x1f, 0x8b}) || bytes.HasPrefix(v, []byte{0x28, 0xb5, 0x2f, 0xfd})
}
