package files_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/tocsin-soc/tocsin/internal/ingest/files"
)

// A record has the types that exports have.
type record struct {
	Name   string            `parquet:"Name"`
	At     time.Time         `parquet:"At,timestamp(microsecond)"`
	Day    int32             `parquet:"Day,date"`
	N      int64             `parquet:"N"`
	Share  float64           `parquet:"Share"`
	OK     bool              `parquet:"OK"`
	Maybe  *string           `parquet:"Maybe,optional"`
	Price  int64             `parquet:"Price,decimal(2:10)"`
	Tags   []string          `parquet:"Tags,list"`
	Map    map[string]int64  `parquet:"Map"`
	Inner  struct{ X int64 } `parquet:"Inner"`
	Binary []byte            `parquet:"Binary"`
	ID     [16]byte          `parquet:"ID,uuid"`
}

func parquetFile(t testing.TB) []byte {
	t.Helper()
	text := "x"
	var b bytes.Buffer
	w := parquet.NewGenericWriter[record](&b, parquet.Compression(&parquet.Zstd))
	_, err := w.Write([]record{
		{Name: "a", At: time.Date(2026, 11, 22, 1, 2, 3, 456000, time.UTC), Day: 20000, N: 1 << 60, Share: 0.5, OK: true, Maybe: &text, Price: -105,
			Tags: []string{"p", "q"}, Map: map[string]int64{"k": 7}, Inner: struct{ X int64 }{9}, Binary: []byte{0xff, 0}, ID: [16]byte{1, 2, 3}},
		{Name: "b", At: time.Unix(0, 0)},
	})
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParquet(t *testing.T) {
	data := parquetFile(t)
	want := `json-line @1 {"At":"2026-11-22T01:02:03.000456Z","Binary":"/wA=","Day":"2024-10-04","ID":"01020300-0000-0000-0000-000000000000","Inner":{"X":9},"Map":{"k":7},"Maybe":"x","N":1152921504606846976,"Name":"a","OK":true,"Price":-1.05,"Share":0.5,"Tags":["p","q"]}
json-line @2 {"At":"1970-01-01T00:00:00Z","Binary":"","Day":"1970-01-01","ID":"00000000-0000-0000-0000-000000000000","Inner":{"X":0},"Map":{},"N":0,"Name":"b","OK":false,"Price":0,"Share":0,"Tags":[]}
`
	if got := read(bytes.NewReader(data), files.Spec{Name: "p"}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := read(bytes.NewReader(gzipped(string(data))), files.Spec{Name: "p"}); got != want {
		t.Errorf("compressed: got\n%s", got)
	}
	if got := read(bytes.NewReader(data), files.Spec{Name: "SigninLogs.parquet", IsTable: isTable}); !strings.HasPrefix(got, "row SigninLogs @1") {
		t.Errorf("as a table: got\n%s", got)
	}
	for n := 0; n < len(data); n += 5 {
		if got := read(bytes.NewReader(data[:n]), files.Spec{Name: "p"}); n > 3 && !strings.Contains(got, "ERROR") {
			t.Fatalf("cut at %d: %s", n, got)
		}
	}
	if underRace {
		return // its pointer checks end the program where the library would panic, which Read recovers
	}
	for n := 0; n < len(data); n++ {
		bad := bytes.Clone(data)
		bad[n] ^= 0x55
		read(bytes.NewReader(bad), files.Spec{Name: "p"}) // any answer, and no crash
	}
}

func TestParquet_FootersThatLie(t *testing.T) {
	whole := parquetFile(t)
	for name, footer := range map[string]string{"2 GB": "\xff\xff\xff\x7f", "4 GB": "\xff\xff\xff\xff", "one byte too much": string([]byte{byte(len(whole) - 11), byte((len(whole) - 11) >> 8), 0, 0})} {
		data := append(bytes.Clone(whole[:len(whole)-8]), footer+"PAR1"...)
		if got := read(bytes.NewReader(data), files.Spec{Name: "x"}); !strings.Contains(got, "its footer claims") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := read(strings.NewReader("PAR1PAR1"), files.Spec{Name: "x"}); !strings.Contains(got, "too short") {
		t.Errorf("no footer: %s", got)
	}
}
