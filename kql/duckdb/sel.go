package duckdb

import (
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/plan"
)

// sel is a SELECT under construction: operators add to it as long as SQL allows
// and wrap it into a subquery when it does not.
type sel struct {
	from  string
	where []string
	// cols gives the SQL of each column over from.
	cols map[plan.ColID]string
	ids  []plan.ColID // the keys of cols, in order
	// order are ORDER BY terms over from: the order the rows have, if any.
	order []string
	limit string
	// sealed says that the select list holds window functions or unnest, so that
	// nothing may be added at this level.
	sealed bool
}

func newSel(from string) *sel { return &sel{from: from, cols: map[plan.ColID]string{}} }

func (s *sel) set(id plan.ColID, sql string) {
	if _, ok := s.cols[id]; !ok {
		s.ids = append(s.ids, id)
	}
	s.cols[id] = sql
}

// clone is a copy whose maps may be changed.
func (s *sel) clone() *sel {
	c := *s
	c.cols = make(map[plan.ColID]string, len(s.cols))
	for k, v := range s.cols {
		c.cols[k] = v
	}
	c.ids = append([]plan.ColID(nil), s.ids...)
	c.where = append([]string(nil), s.where...)
	c.order = append([]string(nil), s.order...)
	return &c
}

func colName(id plan.ColID) string { return "c" + strconv.Itoa(int(id)) }

// simple says that an expression costs nothing to repeat: a column, perhaps
// qualified or cast from JSON, or a literal.
func simple(sql string) bool {
	if strings.HasSuffix(sql, "::VARCHAR") && strings.HasPrefix(sql, `"`) && strings.Count(sql, `"`) == 2 {
		return true
	}
	for i := 0; i < len(sql); i++ {
		c := sql[i]
		if c == '"' {
			end := strings.IndexByte(sql[i+1:], '"')
			if end < 0 {
				return false
			}
			i += end + 1
			continue
		}
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == 0 || c == ':' || c == '\'') {
			return false
		}
	}
	return true
}

// text renders the SELECT with the given columns; order terms beyond the
// columns are exported under the given names.
func (s *sel) text(ids []plan.ColID, extra []string, withOrder bool) string {
	var b strings.Builder
	b.WriteString("SELECT ")
	n := 0
	for _, id := range ids {
		if n > 0 {
			b.WriteString(", ")
		}
		n++
		b.WriteString(s.cols[id])
		if s.cols[id] != colName(id) {
			b.WriteString(" AS " + colName(id))
		}
	}
	for _, e := range extra {
		if n > 0 {
			b.WriteString(", ")
		}
		n++
		b.WriteString(e)
	}
	if n == 0 {
		b.WriteString("1 AS one")
	}
	s.tail(&b, withOrder)
	return b.String()
}

func (s *sel) tail(b *strings.Builder, withOrder bool) {
	if s.from != "" {
		b.WriteString(" FROM " + s.from)
	}
	if len(s.where) > 0 {
		b.WriteString(" WHERE " + strings.Join(s.where, " AND "))
	}
	if len(s.order) > 0 && (withOrder || s.limit != "") {
		b.WriteString(" ORDER BY " + strings.Join(s.order, ", "))
	}
	if s.limit != "" {
		b.WriteString(" LIMIT " + s.limit)
	}
}

// wrap makes s a subquery; its order survives as terms over exported columns.
func (l *lowerer) wrap(s *sel) *sel {
	var extra, order []string
	for _, term := range s.order {
		x, dir := splitTerm(term)
		name := ""
		for _, id := range s.ids {
			if s.cols[id] == x {
				name = colName(id)
				break
			}
		}
		if name == "" {
			name = l.alias("o")
			extra = append(extra, x+" AS "+name)
		}
		order = append(order, name+dir)
	}
	out := newSel("(" + s.text(s.ids, extra, false) + ") AS " + l.alias("t"))
	for _, id := range s.ids {
		out.set(id, colName(id))
	}
	out.order = order
	return out
}

// splitTerm separates an ORDER BY term from its direction.
func splitTerm(term string) (x, dir string) {
	for _, d := range []string{" ASC NULLS FIRST", " ASC NULLS LAST", " DESC NULLS FIRST", " DESC NULLS LAST"} {
		if rest, ok := strings.CutSuffix(term, d); ok {
			return rest, d
		}
	}
	return term, ""
}

// open gives a sel to which a WHERE may be added.
func (l *lowerer) open(s *sel) *sel {
	if s.limit != "" || s.sealed {
		return l.wrap(s)
	}
	return s
}

// flat gives a sel in which the columns that exprs read are simple, so that
// substituting them repeats no work.
func (l *lowerer) flat(s *sel, exprs ...plan.Expr) *sel {
	if s.sealed {
		return l.wrap(s)
	}
	for _, x := range exprs {
		need := false
		eachCol(x, func(c *plan.Col) {
			if sql, ok := s.cols[c.ID]; ok && !simple(sql) {
				need = true
			}
		})
		if need {
			return l.wrap(s)
		}
	}
	return s
}

// final renders the outermost SELECT: output types and the order of the rows.
func (l *lowerer) final(s *sel, cols []plan.Column, sorted bool) string {
	if l.opt.Limit > 0 && s.limit != "" {
		s = l.wrap(s)
	}
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, c := range cols {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(output(s.cols[c.ID], c.Type) + " AS r" + strconv.Itoa(i+1))
	}
	if len(cols) == 0 {
		b.WriteString("1 AS one")
	}
	if l.opt.Limit > 0 {
		s = s.clone()
		s.limit = strconv.FormatInt(l.opt.Limit, 10)
	}
	s.tail(&b, sorted)
	return b.String()
}
