package duck_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

func open(t testing.TB) *duck.Conn {
	t.Helper()
	db, err := duck.Open("", map[string]string{"threads": "1"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := db.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); db.Close() })
	return c
}

// all reads a result as text, one line per row.
func all(t testing.TB, c *duck.Conn, sql string, args ...any) string {
	t.Helper()
	rows, err := c.Query(context.Background(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.NextChunk() {
		chunk := rows.Chunk()
		for i := range chunk.Len {
			for j := range chunk.Columns {
				if j > 0 {
					b.WriteByte('|')
				}
				fmt.Fprintf(&b, "%v", chunk.Columns[j].Value(i))
			}
			b.WriteByte('\n')
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestQuery_ReadsEveryType(t *testing.T) {
	c := open(t)
	for _, q := range []struct{ sql, want string }{
		{`SELECT true, 1::TINYINT, -2::SMALLINT, 3::INTEGER, -4::BIGINT, 5::UTINYINT, 6::USMALLINT, 7::UINTEGER, 8::UBIGINT`, "true|1|-2|3|-4|5|6|7|8\n"},
		{`SELECT 1.5::FLOAT, 2.25::DOUBLE, 'short', repeat('long', 5), ''`, "1.5|2.25|short|longlonglonglonglong|\n"},
		{`SELECT 1.50::DECIMAL(4,2), -0.001::DECIMAL(9,3), 12345678901.5::DECIMAL(18,1), 7::DECIMAL(38,17), 0::DECIMAL(38,17)`, "1.5|-0.001|12345678901.5|7|0\n"},
		{`SELECT 170141183460469231731687303715884105727::HUGEINT, -5::HUGEINT, '6f9619ff-8b86-d011-b42d-00cf4fc964ff'::UUID, '{"a":1}'::JSON`, "170141183460469231731687303715884105727|-5|6f9619ff-8b86-d011-b42d-00cf4fc964ff|{\"a\":1}\n"},
		{`SELECT NULL, NULL::BIGINT, NULL::VARCHAR, NULL::DECIMAL(38,2), NULL::UUID`, "<nil>|<nil>|<nil>|<nil>|<nil>\n"},
		{`SELECT x FROM (VALUES (1), (NULL), (3)) t(x)`, "1\n<nil>\n3\n"},
		{`SELECT sum(range) FROM range(100000)`, "4999950000\n"},
		{`SELECT 'a' || chr(0) || 'ü'`, "a\x00ü\n"},
	} {
		if got := all(t, c, q.sql); got != q.want {
			t.Errorf("%s\n got %q\nwant %q", q.sql, got, q.want)
		}
	}
	if got := strings.Count(all(t, c, `SELECT CASE WHEN range % 3 = 0 THEN NULL ELSE range END FROM range(10000)`), "<nil>"); got != 3334 {
		t.Errorf("%d nulls over several chunks, want 3334", got)
	}
}

func TestQuery_BindsArguments(t *testing.T) {
	c := open(t)
	if got, want := all(t, c, `SELECT $1, $2, $3, $4, $5`, nil, true, int64(-7), 2.5, "O'Brien\x00\"; DROP TABLE x"), "<nil>|true|-7|2.5|O'Brien\x00\"; DROP TABLE x\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := c.Query(context.Background(), `SELECT $1`); err == nil {
		t.Error("a missing argument was accepted")
	}
	if _, err := c.Query(context.Background(), `SELECT $1`, []int{1}); err == nil {
		t.Error("a slice was accepted as an argument")
	}
}

func TestQuery_ErrorsHaveAClass(t *testing.T) {
	c := open(t)
	if _, err := c.Query(context.Background(), `SELECT * FROM nowhere`); !duck.Unknown(err) {
		t.Errorf("an unknown table gives %v", err)
	}
	rows, err := c.Query(context.Background(), `SELECT error('at row ' || range) FROM range(10)`)
	if err == nil {
		for rows.NextChunk() {
		}
		err = rows.Err()
		rows.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "at row") || duck.Fatal(err) {
		t.Errorf("a failing row gives %v", err)
	}
	if err := c.Exec(`SET memory_limit='20MB'; SET temp_directory=''`); err != nil {
		t.Fatal(err)
	}
	err = c.ExecArgs(context.Background(), `SELECT list(range) FROM range(100000000)`)
	if !duck.OutOfMemory(err) {
		t.Errorf("too much memory gives %v", err)
	}
}

func TestQuery_StopsWhenCancelled(t *testing.T) {
	c := open(t)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	err := c.ExecArgs(ctx, `SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b`)
	if err != context.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	if got := all(t, c, `SELECT 1`); got != "1\n" {
		t.Errorf("the connection is spoilt: %q", got)
	}
	// Closing rows that are not read to the end stops the statement.
	rows, err := c.Query(context.Background(), `SELECT range FROM range(100000000000)`)
	if err != nil || !rows.NextChunk() {
		t.Fatal(err)
	}
	rows.Close()
	rows.Close()
	if got := all(t, c, `SELECT 2`); got != "2\n" {
		t.Errorf("the connection is spoilt: %q", got)
	}
}

func TestPrepare_TellsReadersFromWriters(t *testing.T) {
	c := open(t)
	if err := c.Exec(`CREATE TABLE t (x INT)`); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]bool{
		`SELECT 1`: true, `WITH a AS (SELECT 1) SELECT * FROM a`: true, `EXPLAIN SELECT 1`: true, `FROM t`: true,
		`INSERT INTO t VALUES (1)`: false, `DELETE FROM t`: false, `CREATE TABLE u (x INT)`: false, `SET threads=1`: false,
		`COPY t TO '/tmp/x'`: false, `ATTACH ':memory:' AS m`: false, `CHECKPOINT`: false, `DROP TABLE t`: false, `PRAGMA version`: true,
	} {
		s, err := c.Prepare(sql)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		if got := s.ReadsOnly(); got != want {
			t.Errorf("%s: ReadsOnly is %v", sql, got)
		}
		s.Close()
	}
}

func TestAppender_WritesEveryType(t *testing.T) {
	c := open(t)
	if err := c.Exec(`CREATE TABLE t (b BOOLEAN, i INTEGER, l BIGINT, r DOUBLE, s VARCHAR, j JSON, u UUID, d DECIMAL(38,17))`); err != nil {
		t.Fatal(err)
	}
	a, err := c.NewAppender("main", "t")
	if err != nil {
		t.Fatal(err)
	}
	const n = 100
	long := strings.Repeat("ä", 1<<18) // too large for a block of the arena
	text := []string{"", "twelve bytes", "thirteen byte", "a\x00b", "broken \xff end", long}
	for range 2 {
		err = a.Append(n, func(column int, w *duck.Writer) error {
			for i := range n {
				if i%7 == 6 && column != 4 {
					w.Null(i)
					continue
				}
				ok := true
				switch column {
				case 0:
					w.Bool(i, i%2 == 0)
				case 1:
					w.Int(i, int32(-i))
				case 2:
					w.Long(i, int64(i)<<40)
				case 3:
					w.Real(i, float64(i)/4)
				case 4:
					w.Text(i, text[i%len(text)])
				case 5:
					w.Text(i, fmt.Sprintf(`{"row":%d}`, i))
				case 6:
					ok = w.UUID(i, "{6F9619FF-8b86-d011-b42d-00cf4fc964ff}")
				case 7:
					ok = w.Decimal(i, fmt.Sprintf("-%d.00000000000000001", i))
				}
				if !ok {
					return fmt.Errorf("row %d column %d", i, column)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		text[5] = "short now"
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct{ sql, want string }{
		{`SELECT count(*), count(b), count(s), sum(i), sum(l) // (1::BIGINT<<40), sum(r) FROM t`, fmt.Sprintf("200|172|200|%d|%d|%v\n", -sumKept(n)*2, sumKept(n)*2, float64(sumKept(n))/2)},
		{`SELECT list(s ORDER BY rowid)::VARCHAR FROM t WHERE rowid < 5`, "['', twelve bytes, thirteen byte, a\x00b, broken \uFFFD end]\n"},
		{`SELECT DISTINCT length(s) FROM t WHERE rowid < 100 AND rowid % 6 = 5`, fmt.Sprintf("%d\n", 1<<18)},
		{`SELECT DISTINCT s FROM t WHERE rowid >= 100 AND (rowid - 100) % 6 = 5`, "short now\n"},
		{`SELECT j->'row', u, d FROM t WHERE i = -99 LIMIT 1`, "99|6f9619ff-8b86-d011-b42d-00cf4fc964ff|-99.00000000000000001\n"},
	} {
		if got := all(t, c, q.sql); got != q.want {
			t.Errorf("%s\n got %.200q\nwant %.200q", q.sql, got, q.want)
		}
	}
	for text, want := range map[string]bool{"1": true, "-0.5": true, "1e5": false, "": false, "1/3": false, strings.Repeat("9", 22): false, strings.Repeat("9", 21): true, "0x10": false} {
		if _, _, ok := duck.ParseDecimal(text); ok != want {
			t.Errorf("ParseDecimal(%q) says %v", text, ok)
		}
	}
	for _, text := range []string{"6f9619ff-8b86-d011-b42d-00cf4fc964f", "6f9619ff-8b86-d011-b42d-00cf4fc964fg"} {
		if _, _, ok := duck.ParseUUID(text); ok {
			t.Errorf("%q was taken for a UUID", text)
		}
	}
}

// TestAppendRows_Blanks: what rows pass over is what the column's blank says, also
// before the first cell, after the last, and in a column without any.
func TestAppendRows_Blanks(t *testing.T) {
	c := open(t)
	if err := c.Exec("CREATE TABLE t (i BIGINT, s VARCHAR, n VARCHAR, none DOUBLE, u UUID)"); err != nil {
		t.Fatal(err)
	}
	a, err := c.NewAppender("main", "t")
	if err != nil {
		t.Fatal(err)
	}
	blanks := []duck.Blank{{}, {IsText: true}, {IsText: true, Text: "a name that is not short"}, {}, {}}
	low, high, _ := duck.ParseUUID("6f9619ff-8b86-d011-b42d-00cf4fc964ff")
	for range 2 { // the second chunk must not show what the first left behind
		if err := a.AppendRows(100, blanks, func(columns []duck.Writer) error {
			for i := range 100 {
				if i%3 == 1 {
					columns[0].Reach(i)
					columns[0].Long(i, int64(i))
				}
				if i == 50 {
					columns[1].Reach(i)
					columns[1].UTF8(i, []byte("longer than a short text"))
					columns[2].Reach(i)
					columns[2].UTF8(i, []byte("own"))
					columns[4].Reach(i)
					columns[4].Wide(i, low, high)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	want := "200|66|3234|198|2|198|2|0|2\n"
	if got := all(t, c, `SELECT count(*), count(i), sum(i)::BIGINT, count(*) FILTER (s = ''), count(*) FILTER (s = 'longer than a short text'), count(*) FILTER (n = 'a name that is not short'),
		count(*) FILTER (n = 'own'), count(none), count(*) FILTER (u = '6f9619ff-8b86-d011-b42d-00cf4fc964ff') FROM t`); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func sumKept(n int) (sum int) {
	for i := range n {
		if i%7 != 6 {
			sum += i
		}
	}
	return sum
}

func TestRegister_CallsGo(t *testing.T) {
	c := open(t)
	for _, f := range []duck.Function{
		{Name: "go_kind", Args: []duck.Type{duck.Varchar, duck.BigInt}, Variadic: duck.Double, Result: duck.Varchar, Call: func(args []any) any { return fmt.Sprintf("%T %T %d", args[0], args[1], len(args)) }},
		{Name: "go_half", Args: []duck.Type{duck.Integer}, Result: duck.Integer, Call: func(args []any) any {
			if args[0] == nil || args[0].(int64)%2 == 1 {
				return nil
			}
			return args[0].(int64) / 2
		}},
		{Name: "go_panic", Result: duck.Boolean, Call: func([]any) any { panic("oops") }},
		{Name: "go_wrong", Result: duck.Boolean, Call: func([]any) any { return "text" }},
	} {
		if err := c.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := all(t, c, `SELECT go_kind('a', 1, 2.5, 3.5), go_kind(NULL, NULL)`), "string int64 4|<nil> <nil> 2\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := all(t, c, `SELECT count(*), count(h), sum(h) FROM (SELECT go_half(CASE WHEN range % 10 = 0 THEN NULL ELSE range::INT END) h FROM range(5000))`), "5000|2000|2500000\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"go_panic", "go_wrong"} {
		if err := c.ExecArgs(context.Background(), "SELECT "+name+"()"); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s gives %v", name, err)
		}
	}
}
