package exec

// The operators scan and the graph operators run here, over rows read from the
// engine: scan.go, graph.go, with value.go evaluating the expressions that see
// more than one row. (K1 has taken both; the plan and Inputs are used as they are.)
