package native

import (
	"math"
	"sort"
)

func decomposeFunctions() []Function {
	return []Function{
		{Name: "kql_series_decompose", Args: []Kind{Text, Long, Text, Long}, Result: Text, Fn: func(a []any) any {
			d, ok := decomposeArgs(a[0], a[1], a[2], a[3])
			if !ok {
				return nil
			}
			return printJSON([]any{realArray(d.baseline), realArray(d.seasonal), realArray(d.trend), realArray(d.residual)})
		}},
		{Name: "kql_series_anomalies", Args: []Kind{Text, Real, Long, Text, Long, Text}, Result: Text, Fn: anomalies},
		{Name: "kql_series_forecast", Args: []Kind{Text, Long, Long, Text}, Result: Text, Fn: forecast},
		{Name: "kql_series_seasonal", Args: []Kind{Text, Long}, Result: Text, Fn: func(a []any) any {
			d, ok := decomposeArgs(a[0], a[1], "avg", nil)
			if !ok {
				return nil
			}
			return printJSON(realArray(d.seasonal))
		}},
		{Name: "kql_series_periods_detect", Args: []Kind{Text, Real, Real, Long}, Result: Text, Fn: periodsDetect},
		{Name: "kql_series_periods_validate", Args: []Kind{Text, Text}, Result: Text, Fn: periodsValidate},
	}
}

// decomposition splits a series: baseline = seasonal + trend, residual = rest.
type decomposition struct{ baseline, seasonal, trend, residual []float64 }

// decomposeArgs reads the arguments of series_decompose: seasonality -1 detects
// the period, 0 has none; trend is avg, linefit or none; the last points may be
// kept out of the learning.
func decomposeArgs(series, seasonality, trend, testPoints any) (decomposition, bool) {
	x := numbers(series)
	if len(x) == 0 {
		return decomposition{}, false
	}
	period := int64(-1)
	if n, ok := seasonality.(int64); ok {
		period = n
	}
	test, _ := testPoints.(int64)
	learn := len(x) - int(min(max(test, 0), int64(len(x)-1)))
	if period < 0 {
		period = detectPeriod(x[:learn])
	}
	kind := str(trend)
	return decompose(x, learn, int(period), kind), true
}

func decompose(x []float64, learn, period int, kind string) decomposition {
	n := len(x)
	d := decomposition{make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)}
	clean := append([]float64{}, x...)
	avg, count := 0.0, 0.0
	for _, v := range x[:learn] {
		if !math.IsNaN(v) {
			avg, count = avg+v, count+1
		}
	}
	avg /= max(count, 1)
	for i, v := range clean {
		if math.IsNaN(v) {
			clean[i] = avg
		}
	}
	switch kind {
	case "linefit":
		l := fit(clean[:learn])
		for i := range d.trend {
			d.trend[i] = l.intercept + l.slope*float64(i)
		}
	case "none":
	default:
		for i := range d.trend {
			d.trend[i] = avg
		}
	}
	if period > 1 && period <= learn/2 {
		sums, counts := make([]float64, period), make([]float64, period)
		for i, v := range clean[:learn] {
			sums[i%period] += v - d.trend[i]
			counts[i%period]++
		}
		for i := range d.seasonal {
			d.seasonal[i] = sums[i%period] / counts[i%period]
		}
	}
	for i := range x {
		d.baseline[i] = d.seasonal[i] + d.trend[i]
		d.residual[i] = clean[i] - d.baseline[i]
	}
	return d
}

// detectPeriod is the lag with the highest autocorrelation, 0 when none is
// convincing.
func detectPeriod(x []float64) int64 {
	best, bestScore := int64(0), 0.5
	for lag := 2; lag <= len(x)/2 && lag <= 2000; lag++ {
		if s := autocorrelation(x, lag); s > bestScore+1e-9 {
			best, bestScore = int64(lag), s
		}
	}
	return best
}

func autocorrelation(x []float64, lag int) float64 {
	if lag <= 0 || lag >= len(x) {
		return 0
	}
	m := mean(x)
	var num, den float64
	for i, v := range x {
		den += (v - m) * (v - m)
		if i+lag < len(x) {
			num += (v - m) * (x[i+lag] - m)
		}
	}
	if den == 0 || math.IsNaN(den) {
		return 0
	}
	return num / den * float64(len(x)) / float64(len(x)-lag)
}

// anomalies gives [flags, scores, baseline]: Tukey's fences on the residuals,
// flagged beyond the threshold (1.5 by default).
func anomalies(a []any) any {
	d, ok := decomposeArgs(a[0], a[2], a[3], a[4])
	if !ok {
		return nil
	}
	threshold, ok := a[1].(float64)
	if !ok {
		threshold = 1.5
	}
	lo, hi := 0.1, 0.9
	if str(a[5]) == "tukey" {
		lo, hi = 0.25, 0.75
	}
	scores := tukey(d.residual, lo, hi)
	flags := make([]any, len(scores))
	for i, s := range scores {
		flags[i] = int64(0)
		if s > threshold {
			flags[i] = int64(1)
		} else if s < -threshold {
			flags[i] = int64(-1)
		}
	}
	return printJSON([]any{flags, realArray(scores), realArray(d.baseline)})
}

// forecast gives [forecast, seasonal, trend, residual]; the last points are
// predicted instead of learnt.
func forecast(a []any) any {
	trend := str(a[3])
	if trend == "" {
		trend = "linefit"
	}
	d, ok := decomposeArgs(a[0], a[2], trend, a[1])
	if !ok {
		return nil
	}
	return printJSON([]any{realArray(d.baseline), realArray(d.seasonal), realArray(d.trend), realArray(d.residual)})
}

// periodsDetect gives [periods, scores] of the best lags in the range.
func periodsDetect(a []any) any {
	x := numbers(a[0])
	lo, ok := a[1].(float64)
	hi, ok2 := a[2].(float64)
	most, ok3 := a[3].(int64)
	if len(x) == 0 || !ok || !ok2 || !ok3 {
		return nil
	}
	type found struct {
		lag   int
		score float64
	}
	var all []found
	for lag := max(int(lo), 2); lag <= int(hi) && lag <= len(x)/2; lag++ {
		s := autocorrelation(x, lag)
		if s > 0 && s >= autocorrelation(x, lag-1) && s >= autocorrelation(x, lag+1) {
			all = append(all, found{lag, s})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].score > all[j].score })
	periods, scores := []any{}, []any{}
	for i := range int(min(max(most, 0), 100)) {
		if i < len(all) {
			periods = append(periods, float64(all[i].lag))
			scores = append(scores, min(all[i].score, 1))
		} else {
			periods = append(periods, 0.0)
			scores = append(scores, 0.0)
		}
	}
	return printJSON([]any{periods, scores})
}

func periodsValidate(a []any) any {
	x := numbers(a[0])
	l, ok := dynamicOf(a[1]).([]any)
	if len(x) == 0 || !ok {
		return nil
	}
	scores := make([]any, len(l))
	for i, p := range l {
		f, _ := number(p)
		scores[i] = min(max(autocorrelation(x, int(f)), 0), 1)
	}
	return printJSON([]any{l, scores})
}
