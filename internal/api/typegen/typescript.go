package main

import (
	"fmt"
	"go/ast"
	"reflect"
	"strconv"
	"strings"
)

// typeOf says a Go type in TypeScript. Types of the root package that it meets
// are put on the list of those still to be written.
func (g *generator) typeOf(expr ast.Expr, isVocabulary bool) (string, error) {
	switch t := expr.(type) {
	case *ast.Ident:
		switch t.Name {
		case "string":
			return "string", nil
		case "bool":
			return "boolean", nil
		case "int", "int64", "int32", "float64":
			return "number", nil
		}
		if !ast.IsExported(t.Name) {
			return "", fmt.Errorf("no TypeScript for %s", t.Name)
		}
		if isVocabulary {
			g.want(t.Name)
		}
		return t.Name, nil
	case *ast.SelectorExpr:
		pkg, _ := t.X.(*ast.Ident)
		switch name := pkg.Name + "." + t.Sel.Name; {
		case name == "time.Time":
			return "string", nil
		case name == "time.Duration":
			return "number", nil
		case name == "json.RawMessage":
			return "Json", nil
		case pkg.Name == "tocsin":
			g.want(t.Sel.Name)
			return t.Sel.Name, nil
		default:
			return "", fmt.Errorf("no TypeScript for %s", name)
		}
	case *ast.StarExpr:
		text, err := g.typeOf(t.X, isVocabulary)
		return text + " | null", err
	case *ast.ArrayType:
		text, err := g.typeOf(t.Elt, isVocabulary)
		if strings.Contains(text, " ") {
			text = "(" + text + ")"
		}
		return text + "[]", err
	case *ast.MapType:
		text, err := g.typeOf(t.Value, isVocabulary)
		return "Record<string, " + text + ">", err
	}
	return "", fmt.Errorf("no TypeScript for a %T", expr)
}

// want asks for a type of the root package to be written.
func (g *generator) want(name string) {
	if !g.written[name] {
		g.wanted = append(g.wanted, name)
	}
}

// jsonTag splits a field's tag, quotes and all, into json name and options.
func jsonTag(raw string) (name, options string) {
	tag, err := strconv.Unquote(raw)
	if err != nil {
		return "", ""
	}
	name, options, _ = strings.Cut(reflect.StructTag(tag).Get("json"), ",")
	return name, options
}

// writeDeterminations writes which determinations fit which classification, so
// that the close form cannot offer one the server refuses.
func (g *generator) writeDeterminations() error {
	d := g.vocabulary["determinations"]
	if d == nil {
		return fmt.Errorf("the root package has no determinations")
	}
	table, ok := d.value.(*ast.CompositeLit)
	if !ok {
		return fmt.Errorf("determinations is not a literal")
	}
	g.comment("", "Which determinations fit which classification, in the order to offer them.")
	g.out.WriteString("export const determinations = {\n")
	for _, element := range table.Elts {
		pair, _ := element.(*ast.KeyValueExpr)
		key, _ := pair.Key.(*ast.Ident)
		list, _ := pair.Value.(*ast.CompositeLit)
		constant := g.vocabulary[key.Name]
		if constant == nil {
			return fmt.Errorf("determinations: %s is not a constant", key.Name)
		}
		name, err := strconv.Unquote(constant.value.(*ast.BasicLit).Value)
		if err != nil {
			return fmt.Errorf("determinations: %w", err)
		}
		values := make([]string, 0, len(list.Elts))
		for _, v := range list.Elts {
			values = append(values, v.(*ast.BasicLit).Value)
		}
		fmt.Fprintf(&g.out, "  %s: [%s],\n", name, strings.Join(values, ", "))
	}
	g.out.WriteString("} as const;\n")
	return nil
}
