package native

import "math"

// maxDegree bounds series_fit_poly(); beyond it doubles hold no digit of the
// coefficients.
const maxDegree = 12

// fitPoly is series_fit_poly(y, x, degree): least squares over x, or over the
// positions when x is null. Null when there are fewer points than coefficients.
func fitPoly(a []any) any {
	y := numbers(a[0])
	x := make([]float64, len(y))
	for i := range x {
		x[i] = float64(i)
	}
	if a[1] != nil {
		x = numbers(a[1])
	}
	degree, ok := a[2].(int64)
	if !ok || degree < 1 || degree > maxDegree || len(x) != len(y) || int64(len(y)) <= degree {
		return nil
	}
	low, high := x[0], x[0]
	for i, v := range x {
		low, high = math.Min(low, v), math.Max(high, v)
		if math.IsNaN(y[i]) || math.IsInf(y[i], 0) {
			return nil
		}
	}
	if !(high > low) || math.IsInf(high-low, 0) {
		return nil
	}
	// Powers of a variable within ±1 keep the system well conditioned.
	center, scale := (low+high)/2, (high-low)/2
	rows := make([][]float64, len(x))
	for i, v := range x {
		rows[i] = make([]float64, degree+1)
		p := 1.0
		for j := range rows[i] {
			rows[i][j] = p
			p *= (v - center) / scale
		}
	}
	scaled, ok := leastSquares(rows, y)
	if !ok {
		return nil
	}
	return polyBag(y, rows, scaled, unscale(scaled, center, scale))
}

// polyBag makes the five results, in the order of the function's columns.
func polyBag(y []float64, rows [][]float64, scaled, coefficients []float64) any {
	my := mean(y)
	points := make([]any, len(y))
	var rss, yy float64
	for i, row := range rows {
		v := 0.0
		for j, c := range scaled {
			v += c * row[j]
		}
		points[i] = v
		rss, yy = rss+(y[i]-v)*(y[i]-v), yy+(y[i]-my)*(y[i]-my)
	}
	rsquare, n := 0.0, float64(len(y)-1)
	if yy > 0 {
		rsquare = 1 - rss/yy
	}
	highest := make([]any, len(coefficients))
	for i, c := range coefficients {
		highest[len(coefficients)-1-i] = c
	}
	return printJSON([]any{rsquare, highest, yy / n, rss / n, points})
}

// unscale rewrites a polynomial in (x-center)/scale as one in x, lowest power first.
func unscale(scaled []float64, center, scale float64) []float64 {
	out := make([]float64, len(scaled))
	power := []float64{1} // ((x-center)/scale)^j
	for _, c := range scaled {
		for k, p := range power {
			out[k] += c * p
		}
		next := make([]float64, len(power)+1)
		for k, p := range power {
			next[k+1] += p / scale
			next[k] -= p * center / scale
		}
		power = next
	}
	return out
}

// leastSquares solves rows·c ≈ y by Householder reflections; false when the
// columns are not independent. rows is left as it is.
func leastSquares(rows [][]float64, y []float64) ([]float64, bool) {
	m, n := len(rows), len(rows[0])
	a := make([][]float64, m)
	for i, row := range rows {
		a[i] = append(append(make([]float64, 0, n+1), row...), y[i])
	}
	for k := range n {
		norm := 0.0
		for i := k; i < m; i++ {
			norm = math.Hypot(norm, a[i][k])
		}
		if norm < 1e-12 || math.IsNaN(norm) || math.IsInf(norm, 0) {
			return nil, false
		}
		if a[k][k] > 0 {
			norm = -norm
		}
		for i := k; i < m; i++ {
			a[i][k] /= -norm
		}
		a[k][k]++
		for j := k + 1; j <= n; j++ {
			s := 0.0
			for i := k; i < m; i++ {
				s += a[i][k] * a[i][j]
			}
			s = -s / a[k][k]
			for i := k; i < m; i++ {
				a[i][j] += s * a[i][k]
			}
		}
		a[k][k] = norm
	}
	c := make([]float64, n)
	for k := n - 1; k >= 0; k-- {
		s := a[k][n]
		for j := k + 1; j < n; j++ {
			s -= a[k][j] * c[j]
		}
		c[k] = s / a[k][k]
	}
	return c, true
}
