package jsontext

// EachElement calls do with the text of each element of a JSON array – the JSON
// of an object or array, the text of anything else but null – until it says no;
// false if s is no array.
func EachElement(s string, do func(element string) bool) bool {
	z := New(s)
	if z.Kind() != Array {
		return false
	}
	more := true
	err := z.Array(func() error {
		if k := z.Kind(); k == Object || k == Array || !more {
			text, err := z.Raw()
			more = more && do(text)
			return err
		}
		text, kind, err := z.Scalar()
		if err == nil && kind != Null {
			more = do(text)
		}
		return err
	})
	return err == nil
}
