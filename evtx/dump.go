package evtx

import (
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Dump writes the log as JSON lines in the shape of AppendJSON(opts), and every
// error as a line {"error":…,"offset":…,"lost":…} in its place, so that the
// output accounts for the whole file. Lines of recovered and of degraded
// records have a second key beside "Event":
//
//	"#recovered":{"origin":"carved","offset":71232}
//	"#degraded":"template definition is missing"
//
// It returns an error only if writing or the source fails; what was wrong with
// the log is in Counts and Warnings.
func (r *Reader) Dump(w io.Writer, opts JSONOptions) error {
	var line []byte
	for rec, err := range r.Records() {
		line = line[:0]
		switch {
		case err == nil:
			line, err = rec.appendLine(line, opts)
			if err != nil {
				r.counts.Records--
				r.counts.Damaged++
				line = appendFault(line[:0], rec.Offset, 1, err)
			}
		default:
			var bad *RecordError
			var chunk *ChunkError
			switch {
			case errors.As(err, &bad):
				line = appendFault(line, bad.Offset, bad.Lost, err)
			case errors.As(err, &chunk):
				line = appendFault(line, chunk.Offset, 0, err)
			default:
				return err
			}
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("writing the dump: %w", err)
		}
	}
	return nil
}

// appendLine appends the record's JSON and what that shape has no place for.
func (r *Record) appendLine(dst []byte, opts JSONOptions) ([]byte, error) {
	dst, err := r.AppendJSON(dst, opts)
	if err != nil {
		return dst, err
	}
	if r.Recovered() {
		dst = append(dst[:len(dst)-1], `,"#recovered":{"origin":"`...)
		dst = append(append(dst, r.Origin.String()...), `","offset":`...)
		dst = append(strconv.AppendInt(dst, r.Offset, 10), "}}"...)
	}
	if r.problem != nil {
		dst = append(dst[:len(dst)-1], `,"#degraded":`...)
		dst = append(appendJSONString(dst, r.problem.Error()), '}')
	}
	return dst, nil
}

func appendFault(dst []byte, offset, lost int64, err error) []byte {
	dst = appendJSONString(append(dst, `{"error":`...), err.Error())
	dst = strconv.AppendInt(append(dst, `,"offset":`...), offset, 10)
	dst = strconv.AppendInt(append(dst, `,"lost":`...), lost, 10)
	return append(dst, '}')
}
