package native

import (
	"math"
	"math/cmplx"
	"sort"
)

func seriesFunctions() []Function {
	one := func(name string, fn func(float64) float64) Function {
		return Function{Name: name, Args: []Kind{Text}, Result: Text, Fn: func(a []any) any { return mapSeries(a[0], fn) }}
	}
	two := func(name string, fn func(x, y float64) any) Function {
		return Function{Name: name, Args: []Kind{Text, Text}, Result: Text, Fn: func(a []any) any { return zipSeries(a[0], a[1], fn) }}
	}
	real2 := func(name string, fn func(x, y []float64) float64) Function {
		return Function{Name: name, Args: []Kind{Text, Text}, Result: Real, Fn: func(a []any) any {
			x, y := numbers(a[0]), numbers(a[1])
			if len(x) == 0 || len(x) != len(y) {
				return nil
			}
			return fn(x, y)
		}}
	}
	sum := func(x []float64, fn func(float64) float64) float64 {
		t := 0.0
		for _, v := range x {
			t += fn(v)
		}
		return t
	}
	reduce := func(name string, fn func(x []float64) float64) Function {
		return Function{Name: name, Args: []Kind{Text}, Result: Real, Fn: func(a []any) any {
			x := numbers(a[0])
			if len(x) == 0 {
				return nil
			}
			return fn(x)
		}}
	}
	all := []Function{
		one("kql_series_abs", math.Abs), one("kql_series_acos", math.Acos), one("kql_series_asin", math.Asin), one("kql_series_atan", math.Atan),
		one("kql_series_ceiling", math.Ceil), one("kql_series_cos", math.Cos), one("kql_series_exp", math.Exp), one("kql_series_floor", math.Floor),
		one("kql_series_log", math.Log), one("kql_series_sin", math.Sin), one("kql_series_tan", math.Tan),
		one("kql_series_sign", func(x float64) float64 {
			switch {
			case x > 0:
				return 1
			case x < 0:
				return -1
			}
			return 0
		}),
		two("kql_series_add", func(x, y float64) any { return x + y }), two("kql_series_subtract", func(x, y float64) any { return x - y }),
		two("kql_series_multiply", func(x, y float64) any { return x * y }), two("kql_series_divide", func(x, y float64) any { return x / y }),
		two("kql_series_pow", func(x, y float64) any { return math.Pow(x, y) }),
		two("kql_series_less", func(x, y float64) any { return x < y }), two("kql_series_less_equals", func(x, y float64) any { return x <= y }),
		two("kql_series_greater", func(x, y float64) any { return x > y }), two("kql_series_greater_equals", func(x, y float64) any { return x >= y }),
		two("kql_series_equals", func(x, y float64) any { return x == y }), two("kql_series_not_equals", func(x, y float64) any { return x != y }),
		real2("kql_series_dot_product", func(x, y []float64) float64 { return dot(x, y) }),
		real2("kql_series_cosine_similarity", func(x, y []float64) float64 { return dot(x, y) / math.Sqrt(dot(x, x)*dot(y, y)) }),
		real2("kql_series_pearson", pearson),
		reduce("kql_series_sum", func(x []float64) float64 { return sum(x, func(v float64) float64 { return v }) }),
		reduce("kql_series_magnitude", func(x []float64) float64 { return math.Sqrt(dot(x, x)) }),
		reduce("kql_series_product", func(x []float64) float64 {
			p := 1.0
			for _, v := range x {
				p *= v
			}
			return p
		}),
		{Name: "kql_series_fill", Args: []Kind{Text, Text, Text, Text}, Result: Text, Fn: fillSeries},
		{Name: "kql_series_stats", Args: []Kind{Text, Bool}, Result: Text, Fn: seriesStats},
		{Name: "kql_series_fir", Args: []Kind{Text, Text, Bool, Bool}, Result: Text, Fn: fir},
		{Name: "kql_series_iir", Args: []Kind{Text, Text, Text}, Result: Text, Fn: iir},
		{Name: "kql_series_fit_line", Args: []Kind{Text, Bool}, Result: Text, Fn: fitLine},
		{Name: "kql_series_fit_poly", Args: []Kind{Text, Text, Long}, Result: Text, Fn: fitPoly},
		{Name: "kql_series_fit_2lines", Args: []Kind{Text, Bool}, Result: Text, Fn: fit2Lines},
		{Name: "kql_series_fft", Args: []Kind{Text, Text, Bool}, Result: Text, Fn: fft},
		{Name: "kql_series_outliers", Args: []Kind{Text, Text, Text, Real, Real}, Result: Text, Fn: outliers},
	}
	return append(all, decomposeFunctions()...)
}

// numbers reads an array of numbers; null elements are NaN; nil for anything
// else.
func numbers(arg any) []float64 {
	l, ok := dynamicOf(arg).([]any)
	if !ok {
		return nil
	}
	out := make([]float64, len(l))
	for i, v := range l {
		f, ok := number(v)
		if !ok {
			f = math.NaN()
		}
		out[i] = f
	}
	return out
}

func realOrNull(f float64) any {
	if math.IsNaN(f) {
		return nil
	}
	return f
}

func realArray(x []float64) []any {
	out := make([]any, len(x))
	for i, f := range x {
		out[i] = realOrNull(f)
	}
	return out
}

func mapSeries(arg any, fn func(float64) float64) any {
	x := numbers(arg)
	if x == nil {
		return nil
	}
	for i := range x {
		x[i] = fn(x[i])
	}
	return printJSON(realArray(x))
}

// zipSeries applies fn element by element; a missing or null element gives null.
func zipSeries(a, b any, fn func(x, y float64) any) any {
	x, y := numbers(a), numbers(b)
	if x == nil || y == nil {
		return nil
	}
	out := make([]any, max(len(x), len(y)))
	for i := range out {
		if i < len(x) && i < len(y) && !math.IsNaN(x[i]) && !math.IsNaN(y[i]) {
			out[i] = fn(x[i], y[i])
			if f, ok := out[i].(float64); ok {
				out[i] = realOrNull(f)
			}
		}
	}
	return printJSON(out)
}

func dot(x, y []float64) float64 {
	t := 0.0
	for i := range x {
		t += x[i] * y[i]
	}
	return t
}

func mean(x []float64) float64 {
	t := 0.0
	for _, v := range x {
		t += v
	}
	return t / float64(len(x))
}

func pearson(x, y []float64) float64 {
	mx, my := mean(x), mean(y)
	var xy, xx, yy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xy, xx, yy = xy+dx*dy, xx+dx*dx, yy+dy*dy
	}
	return xy / math.Sqrt(xx*yy)
}

// fillSeries fills elements equal to the placeholder (second argument; null by
// default). The mode is forward, backward, linear or const; the last argument is
// the constant.
func fillSeries(a []any) any {
	l, ok := dynamicOf(a[0]).([]any)
	if !ok {
		return nil
	}
	missing, fill := dynamicOf(a[1]), dynamicOf(a[3])
	gap := func(v any) bool {
		f, isReal := v.(float64)
		return equal(v, missing) || v == nil || isReal && math.IsNaN(f)
	}
	out := append([]any{}, l...)
	switch str(a[2]) {
	case "forward":
		for i := 1; i < len(out); i++ {
			if gap(out[i]) && !gap(out[i-1]) {
				out[i] = out[i-1]
			}
		}
	case "backward":
		for i := len(out) - 2; i >= 0; i-- {
			if gap(out[i]) && !gap(out[i+1]) {
				out[i] = out[i+1]
			}
		}
	case "const":
		for i := range out {
			if gap(out[i]) {
				out[i] = fill
			}
		}
	default:
		fillLinear(out, gap, fill)
	}
	return printJSON(out)
}

// fillLinear interpolates between known elements; beyond the outer ones the
// nearest known one is repeated, and with none known the constant is used.
func fillLinear(out []any, gap func(any) bool, fill any) {
	last := -1
	for i := 0; i <= len(out); i++ {
		if i < len(out) && gap(out[i]) {
			continue
		}
		switch {
		case i == len(out) && last < 0:
			for j := range out {
				out[j] = fill
			}
		case i == len(out):
			for j := last + 1; j < i; j++ {
				out[j] = out[last]
			}
		case last < 0:
			for j := range i {
				out[j] = out[i]
			}
		default:
			x, _ := number(out[last])
			y, _ := number(out[i])
			for j := last + 1; j < i; j++ {
				out[j] = x + (y-x)*float64(j-last)/float64(i-last)
			}
		}
		last = i
	}
}

// seriesStats is a bag, or with the second argument true an array in the order
// of series_stats' columns.
func seriesStats(a []any) any {
	x := numbers(a[0])
	if len(x) == 0 {
		return nil
	}
	lo, hi := 0, 0
	for i, v := range x {
		if math.IsNaN(v) {
			continue
		}
		if v < x[lo] || math.IsNaN(x[lo]) {
			lo = i
		}
		if v > x[hi] || math.IsNaN(x[hi]) {
			hi = i
		}
	}
	avg, variance := mean(x), 0.0
	for _, v := range x {
		variance += (v - avg) * (v - avg)
	}
	if len(x) > 1 {
		variance /= float64(len(x) - 1)
	}
	values := []any{x[lo], int64(lo), x[hi], int64(hi), realOrNull(avg), realOrNull(math.Sqrt(variance)), realOrNull(variance)}
	if a[1] == true {
		return printJSON(values)
	}
	b := newBag()
	for i, k := range []string{"min", "min_idx", "max", "max_idx", "avg", "stdev", "variance"} {
		b.set(k, values[i])
	}
	b.set("sum", realOrNull(avg*float64(len(x))))
	b.set("len", int64(len(x)))
	return printJSON(b)
}

// fir is a finite impulse response filter: normalized unless the coefficients
// sum to zero, centred when asked.
func fir(a []any) any {
	x, f := numbers(a[0]), numbers(a[1])
	if x == nil || len(f) == 0 {
		return nil
	}
	total := 0.0
	for _, c := range f {
		total += c
	}
	normalize, ok := a[2].(bool)
	if !ok {
		normalize = total != 0
	}
	whole := !normalize
	for _, v := range append(append([]float64{}, x...), f...) {
		whole = whole && v == math.Trunc(v)
	}
	shift := 0
	if a[3] == true {
		shift = len(f) / 2
	}
	out := make([]any, len(x))
	for i := range x {
		t := 0.0
		for j, c := range f {
			if k := i + shift - j; k >= 0 && k < len(x) {
				t += c * x[k]
			}
		}
		if normalize && total != 0 {
			t /= total
		}
		out[i] = realOrNull(t)
		if whole {
			out[i] = int64(t)
		}
	}
	return printJSON(out)
}

// iir is an infinite impulse response filter: a[0]y[i] = Σ b[j]x[i-j] - Σ a[k]y[i-k].
func iir(a []any) any {
	x, b, den := numbers(a[0]), numbers(a[1]), numbers(a[2])
	if x == nil || len(b) == 0 || len(den) == 0 || den[0] == 0 {
		return nil
	}
	y := make([]float64, len(x))
	for i := range x {
		t := 0.0
		for j := 0; j < len(b) && j <= i; j++ {
			t += b[j] * x[i-j]
		}
		for k := 1; k < len(den) && k <= i; k++ {
			t -= den[k] * y[i-k]
		}
		y[i] = t / den[0]
	}
	return printJSON(realArray(y))
}

// line is a least-squares line over x = 0, 1, ….
type line struct{ slope, intercept, variance, rvariance, rsquare float64 }

func fit(y []float64) line {
	n := float64(len(y))
	mx, my := (n-1)/2, mean(y)
	var xy, xx, yy float64
	for i, v := range y {
		dx := float64(i) - mx
		xy, xx, yy = xy+dx*(v-my), xx+dx*dx, yy+(v-my)*(v-my)
	}
	var l line
	if xx > 0 {
		l.slope = xy / xx
	}
	l.intercept = my - l.slope*mx
	rss := 0.0
	for i, v := range y {
		r := v - l.intercept - l.slope*float64(i)
		rss += r * r
	}
	if n > 1 {
		l.variance, l.rvariance = yy/(n-1), rss/(n-1)
	}
	if yy > 0 {
		l.rsquare = 1 - rss/yy
	}
	return l
}

func (l line) points(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = l.intercept + l.slope*float64(i)
	}
	return out
}

func fitLine(a []any) any {
	y := numbers(a[0])
	if len(y) == 0 {
		return nil
	}
	l := fit(y)
	b := newBag()
	b.set("rsquare", l.rsquare)
	b.set("slope", l.slope)
	b.set("variance", l.variance)
	b.set("rvariance", l.rvariance)
	b.set("interception", l.intercept)
	b.set("line_fit", l.points(len(y)))
	return bagOrValues(b, a[1])
}

// bagOrValues prints a bag, or only its values in order.
func bagOrValues(b *bag, asArray any) any {
	if asArray != true {
		return printJSON(b)
	}
	out := make([]any, len(b.keys))
	for i, k := range b.keys {
		out[i] = b.vals[k]
	}
	return printJSON(out)
}

// fit2Lines tries every split and keeps the one with the smallest residuals.
func fit2Lines(a []any) any {
	y := numbers(a[0])
	if len(y) < 4 || len(y) > 10_000 {
		return nil
	}
	all := fit(y)
	best, split, total := math.Inf(1), 0, 0.0
	my := mean(y)
	for _, v := range y {
		total += (v - my) * (v - my)
	}
	for i := 1; i < len(y)-1; i++ {
		p, q := fit(y[:i]), fit(y[i:])
		rss := p.rvariance*float64(max(i-1, 0)) + q.rvariance*float64(len(y)-i-1)
		if rss < best {
			best, split = rss, i
		}
	}
	p, q := fit(y[:split]), fit(y[split:])
	b := newBag()
	rsquare := 0.0
	if total > 0 {
		rsquare = 1 - best/total
	}
	b.set("rsquare", rsquare)
	b.set("split_idx", int64(split))
	b.set("variance", all.variance)
	b.set("rvariance", best/float64(len(y)-1))
	b.set("line_fit", append(p.points(split), q.points(len(y)-split)...))
	for _, s := range []struct {
		name string
		l    line
	}{{"right", q}, {"left", p}} {
		b.set(s.name+"_rsquare", s.l.rsquare)
		b.set(s.name+"_slope", s.l.slope)
		b.set(s.name+"_interception", s.l.intercept)
		b.set(s.name+"_variance", s.l.variance)
		b.set(s.name+"_rvariance", s.l.rvariance)
	}
	return bagOrValues(b, a[1])
}

// fft is the discrete Fourier transform of a real and an optional imaginary
// array, or its inverse; the result is [real, imaginary].
func fft(a []any) any {
	re, im := numbers(a[0]), numbers(a[1])
	if re == nil || len(re) > 1<<16 {
		return nil
	}
	x := make([]complex128, len(re))
	for i := range re {
		v := 0.0
		if i < len(im) {
			v = im[i]
		}
		x[i] = complex(re[i], v)
	}
	inverse := a[2] == true
	y := transform(x, inverse)
	outR, outI := make([]any, len(y)), make([]any, len(y))
	for i, c := range y {
		if inverse {
			c /= complex(float64(len(y)), 0)
		}
		outR[i], outI[i] = realOrNull(real(c)), realOrNull(imag(c))
	}
	return printJSON([]any{outR, outI})
}

// transform is a radix-2 FFT for even lengths and the plain sum for odd ones.
func transform(x []complex128, inverse bool) []complex128 {
	n := len(x)
	sign := -1.0
	if inverse {
		sign = 1
	}
	if n < 2 || n%2 == 1 {
		out := make([]complex128, n)
		for k := range out {
			for j, v := range x {
				out[k] += v * cmplx.Rect(1, sign*2*math.Pi*float64(k*j%n)/float64(n))
			}
		}
		return out
	}
	even, odd := make([]complex128, n/2), make([]complex128, n/2)
	for i := range even {
		even[i], odd[i] = x[2*i], x[2*i+1]
	}
	even, odd = transform(even, inverse), transform(odd, inverse)
	out := make([]complex128, n)
	for k := range even {
		t := cmplx.Rect(1, sign*2*math.Pi*float64(k)/float64(n)) * odd[k]
		out[k], out[k+n/2] = even[k]+t, even[k]-t
	}
	return out
}

func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := min(max(q, 0), 1) * float64(len(sorted)-1) // a NaN quantile is the least
	if math.IsNaN(at) {
		at = 0
	}
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// outliers scores elements by Tukey's fences: the kind "ctukey" uses the 10th
// and 90th percentiles, "tukey" the quartiles. Within the fences the score is 0.
func outliers(a []any) any {
	x := numbers(a[0])
	if len(x) == 0 {
		return nil
	}
	lo, hi := 0.1, 0.9
	if str(a[1]) == "tukey" {
		lo, hi = 0.25, 0.75
	}
	if f, ok := a[3].(float64); ok {
		lo = f / 100
	}
	if f, ok := a[4].(float64); ok {
		hi = f / 100
	}
	return printJSON(realArray(tukey(x, lo, hi)))
}

func tukey(x []float64, lo, hi float64) []float64 {
	sorted := make([]float64, 0, len(x))
	for _, v := range x {
		if !math.IsNaN(v) {
			sorted = append(sorted, v)
		}
	}
	sort.Float64s(sorted)
	low, high := quantile(sorted, lo), quantile(sorted, hi)
	spread := high - low
	out := make([]float64, len(x))
	for i, v := range x {
		switch {
		case spread <= 0:
			switch {
			case v > high:
				out[i] = math.Inf(1)
			case v < low:
				out[i] = math.Inf(-1)
			}
		case v > high:
			out[i] = (v - high) / spread
		case v < low:
			out[i] = (v - low) / spread
		}
	}
	return out
}
