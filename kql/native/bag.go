package native

func bagFunctions() []Function {
	return []Function{
		{Name: "kql_bag_keys", Args: []Kind{Text}, Result: Text, Fn: bagKeys},
		{Name: "kql_bag_merge", Variadic: Text, Result: Text, Fn: bagMerge},
		{Name: "kql_bag_remove_keys", Args: []Kind{Text, Text}, Result: Text, Fn: bagRemoveKeys},
		{Name: "kql_bag_set_key", Args: []Kind{Text, Text, Text}, Result: Text, Fn: bagSetKey},
		{Name: "kql_bag_has_key", Args: []Kind{Text, Text}, Result: Bool, Fn: bagHasKey},
		{Name: "kql_bag_zip", Args: []Kind{Text, Text}, Result: Text, Fn: bagZip},
		{Name: "kql_bag_pack", Variadic: Text, Result: Text, Fn: bagPack},
		{Name: "kql_pack_all", Args: []Kind{Bool}, Variadic: Text, Result: Text, Fn: packAll},
		{Name: "kql_make_bag", Args: []Kind{Text}, Result: Text, Fn: makeBag},
		{Name: "kql_bag_columns", Args: []Kind{Text, Text}, Result: Text, Fn: bagColumn},
		{Name: "kql_buildschema", Args: []Kind{Text}, Result: Text, Fn: buildSchema},
	}
}

func bagKeys(a []any) any {
	b, ok := dynamicOf(a[0]).(*bag)
	if !ok {
		return nil
	}
	return strings2array(b.keys)
}

// bagMerge unites bags; for a key in several the leftmost wins.
func bagMerge(a []any) any {
	out := newBag()
	for _, v := range a {
		b, ok := dynamicOf(v).(*bag)
		if !ok {
			continue
		}
		for _, k := range b.keys {
			if _, has := out.vals[k]; !has {
				out.set(k, b.vals[k])
			}
		}
	}
	return printJSON(out)
}

func bagRemoveKeys(a []any) any {
	b, ok := dynamicOf(a[0]).(*bag)
	if !ok {
		return nil
	}
	keys, _ := dynamicOf(a[1]).([]any)
	for _, k := range keys {
		s, ok := k.(string)
		if !ok {
			continue
		}
		if len(s) > 1 && s[0] == '$' && s[1] == '.' {
			removePath(b, s[2:])
			continue
		}
		b.remove(s)
	}
	return printJSON(b)
}

// removePath removes a property by a JSON path of plain names.
func removePath(b *bag, path string) {
	for i := 0; i < len(path); i++ {
		if path[i] == '.' {
			if in, ok := b.vals[path[:i]].(*bag); ok {
				removePath(in, path[i+1:])
			}
			return
		}
	}
	b.remove(path)
}

func bagSetKey(a []any) any {
	b, ok := dynamicOf(a[0]).(*bag)
	if !ok {
		return nil
	}
	b.set(str(a[1]), dynamicOf(a[2]))
	return printJSON(b)
}

func bagHasKey(a []any) any {
	b, ok := dynamicOf(a[0]).(*bag)
	if !ok {
		return nil
	}
	key := str(a[1])
	if len(key) > 1 && key[0] == '$' && key[1] == '.' {
		return extractJSON([]any{key, a[0]}) != nil
	}
	_, has := b.vals[key]
	return has
}

func bagZip(a []any) any {
	keys, ok := dynamicOf(a[0]).([]any)
	if !ok {
		return nil
	}
	values, ok := dynamicOf(a[1]).([]any)
	if !ok && dynamicOf(a[1]) == nil {
		return nil
	}
	out := newBag()
	for i, k := range keys {
		s, ok := k.(string)
		if !ok {
			continue
		}
		var v any
		if i < len(values) {
			v = values[i]
		}
		out.set(s, v)
	}
	return printJSON(out)
}

// bagPack takes key text and value JSON in turn.
func bagPack(a []any) any {
	out := newBag()
	for i := 0; i+1 < len(a); i += 2 {
		out.set(str(a[i]), dynamicOf(a[i+1]))
	}
	return printJSON(out)
}

// packAll is bagPack; with the first argument true it leaves out nulls and
// empty strings.
func packAll(a []any) any {
	out := newBag()
	for i := 1; i+1 < len(a); i += 2 {
		v := dynamicOf(a[i+1])
		if a[0] == true && (v == nil || v == "") {
			continue
		}
		out.set(str(a[i]), v)
	}
	return printJSON(out)
}

// makeBag unites an array of bags; the value seen first wins.
func makeBag(a []any) any {
	list, _ := dynamicOf(a[0]).([]any)
	out := newBag()
	for _, v := range list {
		b, ok := v.(*bag)
		if !ok {
			continue
		}
		for _, k := range b.keys {
			if _, has := out.vals[k]; !has {
				out.set(k, b.vals[k])
			}
		}
	}
	return printJSON(out)
}

// bagColumn lists the kinds of a bag's values: [["a","long"], …], for finding
// the columns bag_unpack makes. Keys named in the second argument are left out.
func bagColumn(a []any) any {
	b, ok := dynamicOf(a[0]).(*bag)
	if !ok {
		return "[]"
	}
	skip := valueSet{}
	if l, ok := dynamicOf(a[1]).([]any); ok {
		for _, v := range l {
			skip.add(v)
		}
	}
	out := []any{}
	for _, k := range b.keys {
		if skip[skip.key(k)] {
			continue
		}
		out = append(out, []any{k, columnKind(b.vals[k])})
	}
	return printJSON(out)
}

func columnKind(v any) any {
	switch v := v.(type) {
	case bool:
		return "bool"
	case int64:
		return "long"
	case float64:
		return "real"
	case string:
		if _, ok := parseISO(v); ok && len(v) >= 10 {
			return "datetime"
		}
		return "string"
	case nil:
		return ""
	}
	return "dynamic"
}

// buildSchema describes the values of an array: kinds by name, bags by their
// properties, arrays under "`indexer`".
func buildSchema(a []any) any {
	list, _ := dynamicOf(a[0]).([]any)
	var schema any
	for _, v := range list {
		schema = uniteSchema(schema, schemaOf(v))
	}
	if schema == nil {
		schema = newBag()
	}
	return printJSON(schema)
}

func schemaOf(v any) any {
	switch v := v.(type) {
	case *bag:
		out := newBag()
		for _, k := range v.keys {
			out.set(k, schemaOf(v.vals[k]))
		}
		return out
	case []any:
		var in any
		for _, e := range v {
			in = uniteSchema(in, schemaOf(e))
		}
		out := newBag()
		out.set("`indexer`", in)
		return out
	case nil:
		return nil
	case float64:
		return "double"
	}
	return columnKind(v)
}

func uniteSchema(a, b any) any {
	if a == nil || equal(a, b) {
		return b
	}
	if b == nil {
		return a
	}
	x, ok := a.(*bag)
	y, ok2 := b.(*bag)
	if ok && ok2 {
		out := newBag()
		for _, k := range x.keys {
			out.set(k, uniteSchema(x.vals[k], y.vals[k]))
		}
		for _, k := range y.keys {
			if _, has := x.vals[k]; !has {
				out.set(k, y.vals[k])
			}
		}
		return out
	}
	kinds, isList := a.([]any)
	if !isList {
		kinds = []any{a}
	}
	for _, k := range kinds {
		if equal(k, b) {
			return kinds
		}
	}
	return append(append([]any{}, kinds...), b)
}
