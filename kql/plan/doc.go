// Package plan is the typed form of a checked query: what check makes, rewrite
// improves and a dialect (kql/duckdb) turns into text.
//
// Its promises, which a dialect may rely on without looking again:
//
//   - Names are gone. Every column has an ID, unique in the query; expressions
//     refer to IDs. Column.Name is for people and for the header of the result.
//     (KQL names are case-sensitive and may be anything; SQL names are not.)
//   - Types are settled. The operands of an operator have exactly the types its
//     constant documents; where the query left a conversion unsaid, there is a
//     Cast node with Implicit set. Unknown never occurs in a closed plan.
//   - Strings are never null: every string expression yields "" where other types
//     yield null. Operators that can produce missing values (outer join, aggregate
//     of nothing, prev/next past the edge) say so and deliver "" for strings.
//   - A bool may be null; Filter keeps only rows where the predicate is true.
//   - The period of the run is in the Table node, never implied.
//   - Shared work (materialize, `as`, toscalar, a let used twice) is a Shared or
//     Scalar object listed in Query and referred to by pointer.
//
// Adding an operator means: a node here with its rules in the comment, its case
// in Print and Inputs, its binding in check, its lowering in each dialect.
// Nothing here imports syntax trees or dialects. Print is the golden form.
package plan
