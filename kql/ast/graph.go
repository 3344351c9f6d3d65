package ast

// MakeGraph turns rows of edges into a graph.
//
//	make-graph Src --> Dst with Nodes on Id [, Nodes2 on Id2]
//	make-graph Src --> Dst with_node_id=Id
//	make-graph Src --> Dst partitioned-by Tenant (graph-match …)
type MakeGraph struct {
	Loc
	Source, Target Expr
	Nodes          []*GraphNodes
	Params         Properties // with_node_id=
	PartitionBy    Expr       // optional
	Body           *Pipe      // only with PartitionBy
}

// GraphNodes is a table of nodes and its key column.
type GraphNodes struct {
	Loc
	Table Expr
	On    Expr
}

// GraphMatch finds paths.
type GraphMatch struct {
	Loc
	Params   Properties // cycles=all|none|unique_edges
	Patterns []*GraphPattern
	Where    Expr // optional
	Project  []*NamedExpr
}

// GraphShortestPaths finds shortest paths.
type GraphShortestPaths struct {
	Loc
	Params   Properties // output=any|all
	Patterns []*GraphPattern
	Where    Expr // optional
	Project  []*NamedExpr
}

// A GraphPattern is a chain of nodes and edges, beginning and ending with a node.
//
//	(a)-[e]->(b)<-[f*1..3]-(c)--(d)
type GraphPattern struct {
	Loc
	Elems []GraphElem
}

// A GraphElem is a *GraphNode or a *GraphEdge.
type GraphElem interface {
	Node
	graphElem()
}

// A GraphNode is (name) or ().
type GraphNode struct {
	Loc
	Name *Ident // optional
}

// A Direction is where an edge points, read from left to right.
type Direction uint8

// The directions of an edge.
const (
	Undirected Direction = iota // -- or -[e]-
	Rightward                   // --> or -[e]->
	Leftward                    // <-- or <-[e]-
)

// A GraphEdge is one edge of a pattern, or a path of edges with a range.
type GraphEdge struct {
	Loc
	Name      *Ident // optional
	Direction Direction
	Path      bool // has a range: [e*1..5]
	Min, Max  Expr // of Path
}

// GraphToTable turns a graph back into rows.
type GraphToTable struct {
	Loc
	Outputs []*GraphOutput
}

// A GraphOutput is nodes or edges of a graph as a table.
type GraphOutput struct {
	Loc
	Edges  bool
	Name   *Ident     // optional: as N
	Params Properties // with_node_id=, with_source_id=, with_target_id=
}

// GraphMarkComponents adds the component of each node.
type GraphMarkComponents struct {
	Loc
	Params Properties // kind=weak|strong, with_component_id=
}

// GraphWhere keeps the nodes (graph-where-nodes) or edges (graph-where-edges) that match.
type GraphWhere struct {
	Loc
	Edges     bool
	Predicate Expr
}

func (*GraphNode) graphElem() {}
func (*GraphEdge) graphElem() {}
