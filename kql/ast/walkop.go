package ast

// operator visits the parts of a tabular operator.
func (w walker) operator(n Operator) {
	switch n := n.(type) {
	case *Where:
		each(w, n.Params)
		opt(w, n.Name)
		w.node(n.Predicate)
	case *Extend:
		each(w, n.Columns)
	case *Project:
		each(w, n.Columns)
	case *ProjectAway:
		each(w, n.Columns)
	case *ProjectKeep:
		each(w, n.Columns)
	case *ProjectRename:
		each(w, n.Columns)
	case *ProjectReorder:
		each(w, n.Columns)
	case *ProjectByNames:
		each(w, n.Names)
	case *Summarize:
		each(w, n.Params)
		each(w, n.Aggregates)
		each(w, n.By)
		w.node(n.Bin)
	case *Distinct:
		each(w, n.Params)
		each(w, n.Columns)
	case *Count:
		opt(w, n.Name)
	case *Take:
		each(w, n.Params)
		w.node(n.N)
	case *Sample:
		each(w, n.Params)
		w.node(n.N)
	case *SampleDistinct:
		each(w, n.Params)
		w.node(n.N)
		opt(w, n.Of)
	case *Sort:
		each(w, n.Params)
		each(w, n.By)
	case *Top:
		each(w, n.Params)
		w.node(n.N)
		each(w, n.By)
	case *TopHitters:
		w.node(n.N)
		opt(w, n.Of)
		opt(w, n.By)
	case *TopNested:
		each(w, n.Levels)
	case *Join:
		each(w, n.Params)
		w.node(n.Right)
		each(w, n.On)
	case *Lookup:
		each(w, n.Params)
		w.node(n.Right)
		each(w, n.On)
	case *Union:
		each(w, n.Params)
		each(w, n.Tables)
	default:
		w.rarer(n)
	}
}

// rarer visits the operators that are not about single rows and columns.
func (w walker) rarer(n Operator) {
	switch n := n.(type) {
	case *MvExpand:
		each(w, n.Params)
		each(w, n.Columns)
		w.node(n.Limit)
	case *MvApply:
		each(w, n.Params)
		each(w, n.Columns)
		w.node(n.Limit)
		w.node(n.ID)
		opt(w, n.Body)
	case *Parse:
		each(w, n.Params)
		w.node(n.X)
		for _, p := range n.Pattern {
			opt(w, p.Text)
			opt(w, p.Column)
		}
	case *ParseKV:
		w.node(n.X)
		opt(w, n.Schema)
		each(w, n.With)
	case *MakeSeries:
		each(w, n.Params)
		each(w, n.Aggregates)
		opt(w, n.On)
		w.node(n.From)
		w.node(n.To)
		w.node(n.Step)
		each(w, n.By)
	case *Evaluate:
		each(w, n.Params)
		opt(w, n.Call)
		opt(w, n.Schema)
	case *Invoke:
		opt(w, n.Call)
	case *Render:
		each(w, n.With)
	case *Serialize:
		each(w, n.Params)
		each(w, n.Columns)
	case *As:
		each(w, n.Params)
		opt(w, n.Name)
	case *Print:
		each(w, n.Columns)
	case *Range:
		opt(w, n.Name)
		w.node(n.From)
		w.node(n.To)
		w.node(n.Step)
	case *Reduce:
		each(w, n.Params)
		opt(w, n.By)
		each(w, n.With)
	case *Consume:
		each(w, n.Params)
	case *AssertSchema:
		opt(w, n.Schema)
	case *GetSchema, *ExecuteAndCache, *BadOperator:
	default:
		w.nested(n)
	}
}

// nested visits the operators that hold patterns, pipes or statements.
func (w walker) nested(n Operator) {
	switch n := n.(type) {
	case *Search:
		each(w, n.Params)
		each(w, n.In)
		w.node(n.Predicate)
	case *Find:
		each(w, n.Params)
		each(w, n.In)
		w.node(n.Predicate)
		each(w, n.Project)
		each(w, n.ProjectAway)
	case *Fork:
		each(w, n.Branches)
	case *Facet:
		each(w, n.By)
		opt(w, n.With)
	case *Partition:
		each(w, n.Params)
		w.node(n.By)
		w.node(n.In)
		opt(w, n.Body)
	case *Scan:
		each(w, n.Params)
		each(w, n.OrderBy)
		each(w, n.PartitionBy)
		each(w, n.Declare)
		each(w, n.Steps)
	case *MacroExpand:
		each(w, n.Params)
		w.node(n.Group)
		opt(w, n.As)
		each(w, n.Stmts)
	case *MakeGraph:
		w.node(n.Source)
		w.node(n.Target)
		each(w, n.Nodes)
		each(w, n.Params)
		w.node(n.PartitionBy)
		opt(w, n.Body)
	case *GraphMatch:
		each(w, n.Params)
		each(w, n.Patterns)
		w.node(n.Where)
		each(w, n.Project)
	case *GraphShortestPaths:
		each(w, n.Params)
		each(w, n.Patterns)
		w.node(n.Where)
		each(w, n.Project)
	case *GraphToTable:
		each(w, n.Outputs)
	case *GraphMarkComponents:
		each(w, n.Params)
	case *GraphWhere:
		w.node(n.Predicate)
	default:
		panic("ast.Walk: operator of unknown type")
	}
}
