package ast

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/tocsin-soc/tocsin/kql/token"
)

// Dump writes a tree as an s-expression, without spans and without how literals
// were spelt: two texts that mean the same to the parser print the same. It is for
// golden cases and comparisons, not for programs to read.
//
//	(pipe source:SigninLogs
//	  (where predicate:(== ResultType "0"))
//	  (take n:10))
func Dump(n Node) string {
	var p printer
	p.value(reflect.ValueOf(n))
	return p.b.String()
}

type printer struct {
	b     strings.Builder
	depth int
}

// value prints by reflection, so that a new node type or field can never be
// forgotten; a few frequent nodes have a shorter form.
func (p *printer) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Invalid:
		p.b.WriteString("nil")
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			p.b.WriteString("nil")
		} else if !v.CanInterface() || !p.short(v.Interface()) {
			p.value(v.Elem())
		}
	case reflect.Struct:
		p.record(v)
	case reflect.Slice:
		p.b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				p.b.WriteByte(' ')
			}
			p.value(v.Index(i))
		}
		p.b.WriteByte(']')
	case reflect.String:
		p.b.WriteString(strconv.Quote(v.String()))
	case reflect.Bool:
		p.b.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Uint8:
		p.b.WriteString(strconv.FormatUint(v.Uint(), 10))
	default:
		panic("ast.Dump: field of kind " + v.Kind().String())
	}
}

// record prints a node's type and its fields that are not zero.
func (p *printer) record(v reflect.Value) {
	t := v.Type()
	p.b.WriteString("(" + lowerFirst(t.Name()))
	p.depth++
	for i := range t.NumField() {
		f := v.Field(i)
		if f.IsZero() || !t.Field(i).IsExported() {
			continue
		}
		switch t.Field(i).Type {
		case reflect.TypeFor[Loc](), reflect.TypeFor[token.Span](), reflect.TypeFor[[]Comment]():
			continue
		case reflect.TypeFor[[]Operator](), reflect.TypeFor[[]Stmt]():
			for j := range f.Len() {
				p.newline()
				p.value(f.Index(j))
			}
			continue
		}
		p.b.WriteString(" " + lowerFirst(t.Field(i).Name) + ":")
		p.value(f)
	}
	p.depth--
	p.b.WriteByte(')')
}

func (p *printer) newline() {
	p.b.WriteByte('\n')
	p.b.WriteString(strings.Repeat("  ", p.depth))
}

// short prints the frequent nodes; it reports whether it did.
func (p *printer) short(n any) bool {
	switch n := n.(type) {
	case *Ident:
		p.ident(n)
	case *Star:
		p.b.WriteByte('*')
	case *Literal:
		p.literal(n)
	case *DynValue:
		p.dynamic(n)
	case *TypeName:
		p.b.WriteString(n.Name)
		if n.Name == "" {
			p.b.WriteString("?" + n.Text)
		}
	case *Binary:
		p.b.WriteString("(" + string(n.Op) + " ")
		p.pair(n.X, n.Y)
	case *Index:
		p.b.WriteString("([] ")
		p.pair(n.X, n.Y)
	case *Member:
		p.b.WriteString("(. ")
		p.pair(n.X, n.Name)
	case *NamedExpr:
		p.named(n)
	default:
		return false
	}
	return true
}

func (p *printer) ident(n *Ident) {
	if n.Quoted {
		p.b.WriteString("['" + n.Name + "']")
	} else {
		p.b.WriteString(n.Name)
	}
}

func (p *printer) pair(x, y Node) {
	p.value(reflect.ValueOf(x))
	p.b.WriteByte(' ')
	p.value(reflect.ValueOf(y))
	p.b.WriteByte(')')
}

func (p *printer) named(n *NamedExpr) {
	if n.Tuple {
		p.b.WriteByte('(')
	}
	for i, name := range n.Names {
		if i > 0 {
			p.b.WriteByte(' ')
		}
		p.ident(name)
	}
	if n.Tuple {
		p.b.WriteByte(')')
	}
	if len(n.Names) > 0 {
		p.b.WriteByte('=')
	}
	p.value(reflect.ValueOf(n.X))
}

func (p *printer) literal(n *Literal) {
	switch {
	case n.Null:
		p.b.WriteString(n.Kind.String() + "(null)")
		return
	case n.Kind == String:
		if n.Hidden {
			p.b.WriteByte('h')
		}
		p.b.WriteString(strconv.Quote(n.Text))
		return
	case n.Kind == Long:
		p.b.WriteString(strconv.FormatInt(n.Int, 10))
		return
	}
	p.b.WriteString(n.Kind.String() + "(")
	switch n.Kind {
	case Bool:
		p.b.WriteString(strconv.FormatBool(n.Bool))
	case Int, DateTime, TimeSpan:
		p.b.WriteString(strconv.FormatInt(n.Int, 10))
	case Real:
		p.b.WriteString(strconv.FormatFloat(n.Real, 'g', -1, 64))
	case Decimal, Guid:
		p.b.WriteString(n.Text)
	default:
		panic("ast.Dump: literal of unknown kind")
	}
	p.b.WriteByte(')')
}

func (p *printer) dynamic(n *DynValue) {
	switch n.Kind {
	case DynNull:
		p.b.WriteString("null")
	case DynScalar:
		p.literal(n.Scalar)
	case DynArray:
		p.b.WriteByte('[')
		for i, item := range n.Items {
			if i > 0 {
				p.b.WriteByte(' ')
			}
			p.dynamic(item)
		}
		p.b.WriteByte(']')
	case DynObject:
		p.b.WriteByte('{')
		for i, f := range n.Fields {
			if i > 0 {
				p.b.WriteByte(' ')
			}
			p.b.WriteString(strconv.Quote(f.Key) + ":")
			p.dynamic(f.Value)
		}
		p.b.WriteByte('}')
	default:
		panic("ast.Dump: dynamic value of unknown kind")
	}
}

func lowerFirst(s string) string {
	r := []rune(s)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}
