package engine

import (
	"fmt"

	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/kql/native"
)

// geoInfo is GeoInfo as a native function.
func (o *Options) geoInfo(args []any) any {
	ip, _ := args[0].(string)
	if info := o.GeoInfo(ip); info != "" {
		return info
	}
	return nil
}

// Native describes one of KQL's native functions to the driver.
func Native(f native.Function) duck.Function {
	out := duck.Function{Name: f.Name, Variadic: physical(f.Variadic), Result: physical(f.Result), Call: f.Fn}
	for _, k := range f.Args {
		out.Args = append(out.Args, physical(k))
	}
	return out
}

func physical(k native.Kind) duck.Type {
	switch k {
	case native.None:
		return 0
	case native.Bool:
		return duck.Boolean
	case native.Int:
		return duck.Integer
	case native.Long:
		return duck.BigInt
	case native.Real:
		return duck.Double
	case native.Text:
		return duck.Varchar
	}
	panic(fmt.Sprintf("engine: no physical type for native kind %d", k))
}
