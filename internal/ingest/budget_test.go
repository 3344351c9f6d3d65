package ingest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// claims is a zstd frame of one letter that asks for a window of 1 << log bytes.
func claims(log byte) []byte {
	return []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3, 1<<1 | 1<<3 | 1, 0, 0, 'a'}
}

// claimsSize is one that has no window and says that it holds 8 GiB.
var claimsSize = []byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 2, 0, 0, 0, 1<<1 | 1<<3 | 1, 0, 0, 'a'}

// TestReadBody_WindowsArePaidFor: ten bytes that ask for megabytes get them only
// where they are there; nobody holds them who is still waited for.
func TestReadBody_WindowsArePaidFor(t *testing.T) {
	const size = 24 << 20
	var full *ingest.Full
	var large *ingest.TooLarge
	for _, c := range []struct {
		name     string
		encoding string
		body     []byte
		taken    int64 // by others
		want     any   // nil, *Full, *TooLarge or Invalid
	}{
		{"a window of 16 MiB", "zstd", claims(24), 0, nil},
		{"a window of 16 MiB, not there now", "zstd", claims(24), 12 << 20, &full},
		{"a window of 1 KiB, the same", "zstd", claims(10), 12 << 20, nil},
		{"the second frame asks", "zstd", append(claims(10), claims(24)...), 12 << 20, &full},
		{"behind a skippable frame", "zstd", append([]byte{0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9}, claims(24)...), 12 << 20, &full},
		{"a window that is never there", "zstd", claims(26), 0, &large},
		{"a window beyond all limits", "zstd", claims(31), 0, &large},
		{"8 GiB in one segment", "zstd", claimsSize, 0, &large},
		{"a snappy block of 20 MiB", "snappy", s2.EncodeSnappy(nil, make([]byte, 20<<20)), 0, &large},
		{"a snappy block of 10 MiB", "snappy", s2.EncodeSnappy(nil, make([]byte, 10<<20)), 0, nil},
		{"a snappy block of 10 MiB, not there now", "snappy", s2.EncodeSnappy(nil, make([]byte, 10<<20)), 20 << 20, &full},
		{"gzip, nothing is there", "gzip", gzipped("x"), size - 16<<10, &full},
		{"plain, the same", "", []byte("x"), size - 16<<10, nil},
	} {
		budget := ingest.NewBudget(size)
		others := budget.Room()
		if err := others.Grow(c.taken); err != nil {
			t.Fatal(err)
		}
		body, err := ingest.ReadBody(request(t, c.encoding, bytes.NewReader(c.body)), 16<<20, budget)
		if c.want == nil && err != nil || c.want != nil && !errors.As(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			body.Release()
		}
		others.Release()
		if !isUnused(budget, size) {
			t.Errorf("%s: not all of the budget came back", c.name)
		}
	}
	// Who does not send the end holds what was sent.
	budget := ingest.NewBudget(size)
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := ingest.ReadBody(request(t, "zstd", out), 16<<20, budget)
		done <- err
	}()
	_, _ = in.Write(claims(24)) // read before Write returns
	if !isUnused(budget, size-16<<10) {
		t.Error("a window is held while the sender is waited for")
	}
	_ = in.CloseWithError(io.ErrUnexpectedEOF)
	if err := <-done; !tocsin.IsKind(err, tocsin.Invalid) {
		t.Errorf("broken off: %v", err)
	}
}

// TestRead_PaysForWhatItHolds: a stream that others share a budget with.
func TestRead_PaysForWhatItHolds(t *testing.T) {
	line := `{"a":"` + strings.Repeat("x", 1000) + `"}` + "\n"
	for _, c := range []struct {
		name  string
		body  []byte
		size  int64
		taken int64
		lines int
		want  any
	}{
		{"one line", []byte(line), 1 << 20, 1<<20 - 64<<10, 1, nil},
		{"ten thousand", []byte(strings.Repeat(line, 10_000)), 8 << 20, 0, 10_000, nil},
		{"ten thousand, packed", gzipped(strings.Repeat(line, 10_000)), 8 << 20, 0, 10_000, nil},
		{"ten thousand, no room for a batch", []byte(strings.Repeat(line, 10_000)), 8 << 20, 4 << 20, -1, new(*ingest.Full)},
		{"ten thousand, packed, no room for a batch", gzipped(strings.Repeat(line, 10_000)), 8 << 20, 4 << 20, -1, new(*ingest.Full)},
		{"a window, no room", claims(24), 8 << 20, 0, 0, new(*ingest.TooLarge)},
		{"a window, not now", claims(22), 8 << 20, 4 << 20, 0, new(*ingest.Full)},
	} {
		budget := ingest.NewBudget(c.size)
		others, room := budget.Room(), budget.Room()
		if err := others.Grow(c.taken); err != nil {
			t.Fatal(err)
		}
		var plain []string
		var failure error
		for raw, err := range ingest.Read(io.MultiReader(bytes.NewReader(c.body)), ingest.Spec{Format: tocsin.FormatJSONLine, Room: room}) {
			if err != nil {
				failure = err
				break
			}
			plain = append(plain, raw.Position)
		}
		if c.lines >= 0 && len(plain) != c.lines || c.want == nil && failure != nil || c.want != nil && !errors.As(failure, c.want) {
			t.Errorf("%s: %d lines, %v", c.name, len(plain), failure)
		}
		room.Release()
		others.Release()
		if !isUnused(budget, c.size) {
			t.Errorf("%s: not all of the budget came back", c.name)
		}
	}
}

// TestRead_SameRecordsWhateverIsPaid: buffers decide nothing about records.
func TestRead_SameRecordsWhateverIsPaid(t *testing.T) {
	utf16 := []byte{0xff, 0xfe}
	for _, b := range []byte(strings.Repeat("{\n\"a\":1}\n", 400)) {
		utf16 = append(utf16, b, 0)
	}
	for _, body := range [][]byte{
		[]byte("{}\n{}"), []byte(strings.Repeat("{\n\"a\":1}\n", 700)), []byte("[" + strings.Repeat("{},", 20_000) + "{}]"), gzipped(strings.Repeat("{\n\"a\":1}\n", 9000)), utf16,
		[]byte(`{"Records":[` + strings.Repeat(" ", 3000) + `{"a":1},{"b":2}]}`), []byte(`{"a":"` + strings.Repeat("x", 70_000) + "\"}\n{}\n"), nil,
	} {
		read := func(r io.Reader, room *ingest.Room) (all string) {
			for raw, err := range ingest.Read(r, ingest.Spec{Format: tocsin.FormatJSONLine, Room: room}) {
				all += fmt.Sprint(raw.Position, " ", string(raw.Body), err, "\n")
			}
			return all
		}
		want := read(io.MultiReader(bytes.NewReader(body)), nil)
		for name, got := range map[string]string{
			"a stream": read(io.MultiReader(bytes.NewReader(body)), ingest.NewBudget(64<<20).Room()), "bytes": read(bytes.NewReader(body), ingest.NewBudget(64<<20).Room()), "bytes for nothing": read(bytes.NewReader(body), nil),
		} {
			if got != want {
				t.Errorf("%.20q as %s: %.200s, want %.200s", body, name, got, want)
			}
		}
	}
}

// FuzzLargestWindow: the decoder never asks for more than was found.
func FuzzLargestWindow(f *testing.F) {
	f.Add(append(claims(24), claims(10)...))
	f.Add(claimsSize)
	f.Add(append([]byte{0x5f, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9}, zstded(f, strings.Repeat("text", 100))...))
	f.Add([]byte("(\xb5/\xfd00000")) // a block larger than its window, which says the same whatever is allowed
	undo := func(t *testing.T, packed []byte, most uint64) (int64, error) {
		z, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderMaxWindow(most), zstd.WithDecoderMaxMemory(most), zstd.WithDecoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		return io.CopyN(io.Discard, z, 16<<20)
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		const limit = 8 << 20 // the fuzzer's own memory is bounded too
		found := max(ingest.LargestWindow(packed), 1024)
		if found > limit {
			return
		}
		n, err := undo(t, packed, uint64(found))
		if most, unbounded := undo(t, packed, limit); n != most || fmt.Sprint(err) != fmt.Sprint(unbounded) {
			t.Errorf("with the %d bytes that were found: %d, %v; with more: %d, %v", found, n, err, most, unbounded)
		}
	})
}
