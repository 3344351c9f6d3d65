package check

import (
	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/command"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// command binds a management command: the rows that answer it, then its operators.
func (c *checker) command(cmd *ast.Command) {
	answer, problem := command.Respond(cmd, command.World{Catalog: c.cat, Version: c.opt.Version})
	if problem != nil {
		c.diags.Add(*problem)
		return
	}
	c.top = (*env)(nil).child()
	out := c.operators(c.answer(answer), cmd.Ops, c.top)
	switch {
	case out == nil:
	case out.several != nil:
		c.query.Results = append(c.query.Results, out.several...)
	case out.rel != nil:
		c.query.Results = append(c.query.Results, c.finish(out))
	}
}

// answer makes rows of an answer: constants, and for rows with a count the union of one
// aggregate per table, in order of their first column.
func (c *checker) answer(a *command.Answer) *rows {
	var counted []plan.Rel
	constant := &plan.Values{Cols: c.answerColumns(a)}
	for _, cells := range a.Rows {
		if t := countedTable(cells); t != nil {
			counted = append(counted, c.countedRow(a, cells, t))
			continue
		}
		row := make([]plan.Expr, len(cells))
		for i, v := range cells {
			row[i] = answerCell(v, a.Columns[i].Type)
		}
		constant.Rows = append(constant.Rows, row)
	}
	if len(counted) == 0 {
		out := unordered(constant, constant.Cols)
		out.sorted = true
		return out
	}
	if len(constant.Rows) > 0 {
		counted = append(counted, constant)
	}
	all := &plan.Union{Inputs: counted, Cols: c.answerColumns(a)}
	sorted := &plan.Sort{In: all, Keys: []plan.SortKey{{X: colRef(all.Cols[0])}}, Cols: all.Cols}
	out := unordered(sorted, sorted.Cols)
	out.sorted = true
	return out
}

func (c *checker) answerColumns(a *command.Answer) []plan.Column {
	cols := make([]plan.Column, len(a.Columns))
	for i, col := range a.Columns {
		cols[i] = c.column(col.Name, col.Type)
	}
	return cols
}

// countedTable is the table whose rows a row of an answer counts; nil for none.
func countedTable(cells []any) *catalog.Table {
	for _, v := range cells {
		if n, ok := v.(command.Count); ok && !n.Table.Empty {
			return n.Table
		}
	}
	return nil
}

// countedRow is a row of constants and of the number of rows a table has, whatever the
// query's period.
func (c *checker) countedRow(a *command.Answer, cells []any, t *catalog.Table) plan.Rel {
	stored := c.readTable(t, false)
	stored.rel.(*plan.Table).Period = nil
	count := c.count(&ast.Count{}, stored)
	row := &plan.Project{In: count.rel, Cols: c.answerColumns(a)}
	for i, v := range cells {
		item := plan.Item{Col: row.Cols[i], X: colRef(count.cols[0])}
		if _, isCount := v.(command.Count); !isCount {
			item.X = answerCell(v, a.Columns[i].Type)
		}
		row.Items = append(row.Items, item)
	}
	return row
}

// answerCell makes a constant of a cell; a table that can have no rows counts 0.
func answerCell(v any, t catalog.Type) plan.Expr {
	switch v := v.(type) {
	case nil:
		return null(t)
	case bool:
		return boolConst(v)
	case int64:
		return &plan.Const{T: t, Int: v}
	case string:
		return &plan.Const{T: t, Text: v}
	case command.Count:
		return longConst(0)
	}
	panic("check: a command's cell of another type")
}
