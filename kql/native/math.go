package native

import (
	"math"
	"math/bits"
)

func mathFunctions() []Function {
	real1 := func(name string, fn func(float64) float64) Function {
		return Function{Name: name, Args: []Kind{Real}, Result: Real, Fn: func(a []any) any {
			f, ok := a[0].(float64)
			if !ok {
				return nil
			}
			return fn(f)
		}}
	}
	real3 := func(name string, fn func(x, p, q float64) float64) Function {
		return Function{Name: name, Args: []Kind{Real, Real, Real}, Result: Real, Fn: func(a []any) any {
			x, ok := a[0].(float64)
			p, ok2 := a[1].(float64)
			q, ok3 := a[2].(float64)
			if !ok || !ok2 || !ok3 {
				return nil
			}
			return fn(x, p, q)
		}}
	}
	return []Function{
		real1("kql_erf", math.Erf), real1("kql_erfc", math.Erfc), real1("kql_gamma", math.Gamma),
		real1("kql_loggamma", func(x float64) float64 { v, _ := math.Lgamma(x); return v }),
		real1("kql_exp", math.Exp), real1("kql_exp2", math.Exp2), real1("kql_sin", math.Sin), real1("kql_cos", math.Cos), real1("kql_tan", math.Tan),
		real1("kql_asin", math.Asin), real1("kql_acos", math.Acos), real1("kql_sqrt", math.Sqrt),
		real1("kql_exp10", func(x float64) float64 { return math.Pow(10, x) }),
		{Name: "kql_pow", Args: []Kind{Real, Real}, Result: Real, Fn: func(a []any) any {
			x, ok := a[0].(float64)
			y, ok2 := a[1].(float64)
			if !ok || !ok2 {
				return nil
			}
			return math.Pow(x, y)
		}},
		real3("kql_beta_cdf", betaCDF), real3("kql_beta_pdf", betaPDF), real3("kql_beta_inv", betaInv),
		{Name: "kql_bin_real", Args: []Kind{Real, Real}, Result: Real, Fn: func(a []any) any {
			x, ok := a[0].(float64)
			n, ok2 := a[1].(float64)
			if !ok || !ok2 || n <= 0 {
				return nil
			}
			return math.Floor(x/n) * n
		}},
		{Name: "kql_log", Args: []Kind{Real, Long}, Result: Real, Fn: logarithm},
		{Name: "kql_unixtime", Args: []Kind{Real, Real}, Result: Long, Fn: func(a []any) any {
			n, ok := a[0].(float64)
			unit, ok2 := a[1].(float64)
			if !ok || !ok2 || !(math.Abs(n*unit) < 9e18) {
				return nil
			}
			return validTicks(int64(n*unit) + unixTicks)
		}},
		{Name: "kql_bits", Args: []Kind{Long}, Result: Long, Fn: func(a []any) any {
			n, ok := a[0].(int64)
			if !ok {
				return nil
			}
			return int64(bits.OnesCount64(uint64(n)))
		}},
		{Name: "kql_shift", Args: []Kind{Long, Long}, Result: Long, Fn: func(a []any) any {
			n, ok := a[0].(int64)
			by, ok2 := a[1].(int64)
			if !ok || !ok2 {
				return nil
			}
			if by >= 0 {
				return n << uint(by%64)
			}
			return n >> uint(-by%64)
		}},
		{Name: "kql_tick_add", Args: []Kind{Long, Long}, Result: Long, Fn: func(a []any) any {
			t, ok := a[0].(int64)
			n, ok2 := a[1].(int64)
			if !ok || !ok2 || n > MaxDateTime || n < -MaxDateTime || t > MaxDateTime || t < -MaxDateTime {
				return nil
			}
			return validTicks(t + n)
		}},
		{Name: "kql_wrap", Args: []Kind{Long, Long, Long}, Result: Long, Fn: wrap},
		{Name: "kql_convert", Args: []Kind{Real, Text, Text, Text}, Result: Real, Fn: convertUnit},
		{Name: "kql_welch_test", Args: []Kind{Real, Real, Real, Real, Real, Real}, Result: Real, Fn: welchTest},
	}
}

// logarithm to base 2, 10 or (0) e; of 0 -Infinity; of a negative number NaN, but
// the natural one null, as the Kusto engine has it.
func logarithm(a []any) any {
	x, ok := a[0].(float64)
	if !ok || x < 0 && a[1] == int64(0) {
		return nil
	}
	switch a[1] {
	case int64(2):
		return math.Log2(x)
	case int64(10):
		return math.Log10(x)
	}
	return math.Log(x)
}

// wrap is +, - or * (0, 1, 2) of 64-bit numbers, modulo 2^64 as Kusto has it.
func wrap(a []any) any {
	x, ok := a[1].(int64)
	y, ok2 := a[2].(int64)
	if !ok || !ok2 {
		return nil
	}
	switch a[0] {
	case int64(0):
		return x + y
	case int64(1):
		return x - y
	default:
		return x * y
	}
}

// betaCDF is the regularized incomplete beta function, by its continued
// fraction (Lentz's method; Press et al., Numerical Recipes, 6.4).
func betaCDF(x, p, q float64) float64 {
	if p <= 0 || q <= 0 || x < 0 || x > 1 {
		return math.NaN()
	}
	if x == 0 || x == 1 {
		return x
	}
	lp, _ := math.Lgamma(p)
	lq, _ := math.Lgamma(q)
	lpq, _ := math.Lgamma(p + q)
	front := math.Exp(lpq - lp - lq + p*math.Log(x) + q*math.Log1p(-x))
	if x < (p+1)/(p+q+2) {
		return front * betaFraction(x, p, q) / p
	}
	return 1 - front*betaFraction(1-x, q, p)/q
}

func betaFraction(x, p, q float64) float64 {
	const tiny = 1e-300
	guard := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/guard(1-(p+q)*x/(p+1))
	h := d
	for m := 1.0; m < 500; m++ {
		step := m * (q - m) * x / ((p + 2*m - 1) * (p + 2*m))
		d, c = 1/guard(1+step*d), guard(1+step/c)
		h *= d * c
		step = -(p + m) * (p + q + m) * x / ((p + 2*m) * (p + 2*m + 1))
		d, c = 1/guard(1+step*d), guard(1+step/c)
		delta := d * c
		h *= delta
		if math.Abs(delta-1) < 1e-15 {
			break
		}
	}
	return h
}

func betaPDF(x, p, q float64) float64 {
	if p <= 0 || q <= 0 || x < 0 || x > 1 {
		return math.NaN()
	}
	lp, _ := math.Lgamma(p)
	lq, _ := math.Lgamma(q)
	lpq, _ := math.Lgamma(p + q)
	return math.Exp(lpq-lp-lq) * math.Pow(x, p-1) * math.Pow(1-x, q-1)
}

func betaInv(prob, p, q float64) float64 {
	if p <= 0 || q <= 0 || prob < 0 || prob > 1 {
		return math.NaN()
	}
	lo, hi := 0.0, 1.0
	for range 200 {
		mid := (lo + hi) / 2
		if betaCDF(mid, p, q) < prob {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// welchTest is the two-sided p-value of Welch's t-test from means, variances
// and counts.
func welchTest(a []any) any {
	var v [6]float64
	for i := range v {
		f, ok := a[i].(float64)
		if !ok {
			return nil
		}
		v[i] = f
	}
	s1, s2 := v[1]/v[2], v[4]/v[5]
	if v[2] < 2 || v[5] < 2 || s1+s2 <= 0 {
		return nil
	}
	t := (v[0] - v[3]) / math.Sqrt(s1+s2)
	df := (s1 + s2) * (s1 + s2) / (s1*s1/(v[2]-1) + s2*s2/(v[5]-1))
	return betaCDF(df/(df+t*t), df/2, 0.5)
}
