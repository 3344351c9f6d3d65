// Package token holds what every stage of the KQL compiler says about source
// text: positions, spans, diagnostics and how they are shown.
//
// It promises that rendering a diagnostic never fails, whatever the span and
// however odd the text: spans are clamped, tabs and wide characters keep the
// underline under its text, long lines are cut. It knows nothing of the
// language itself and imports only the standard library.
//
// Tested by render_test.go (exact text as a user sees it) and a fuzz target that
// renders arbitrary spans of arbitrary text.
package token
