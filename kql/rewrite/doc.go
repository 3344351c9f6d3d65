// Package rewrite improves plans: each file is one rewrite, a pure function from
// plan to plan that keeps names, types, order and rows.
//
// There are few, because the engine has an optimiser of its own. What is here is
// what it cannot know (a null predicate drops the row, a string is never null) or
// what would cost it time on every run: published parsers carry dozens of
// conditions that their default arguments decide. Rewrites never touch shared
// nodes in place; a rewritten plan passes plan.Verify as the original did.
package rewrite
