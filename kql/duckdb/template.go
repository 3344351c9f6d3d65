package duckdb

import (
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// call lowers a scalar function: by its own code where constants or types
// matter, else by its template.
func (l *lowerer) call(f *plan.Func, s *sel) string {
	if sql, ok := l.special(f, s); ok {
		return sql
	}
	t, ok := templates[f.Name]
	if !ok {
		unsupported(f.Name+"()", "")
	}
	return l.fill(t, f, s)
}

// fill expands a template: {0} an argument, {0|x} with a default, {r0} as DOUBLE,
// {j0} as JSON, {s0} as text, {1*} and {j1*} the rest from there on.
func (l *lowerer) fill(t string, f *plan.Func, s *sel) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(t, '{')
		if i < 0 {
			b.WriteString(t)
			return b.String()
		}
		b.WriteString(t[:i])
		end := strings.IndexByte(t, '}')
		b.WriteString(l.slot(t[i+1:end], f, s))
		t = t[end+1:]
	}
}

func (l *lowerer) slot(spec string, f *plan.Func, s *sel) string {
	spec, fallback, _ := strings.Cut(spec, "|")
	form := byte(0)
	if strings.IndexByte("rjs", spec[0]) >= 0 {
		form, spec = spec[0], spec[1:]
	}
	rest := strings.HasSuffix(spec, "*")
	n, err := strconv.Atoi(strings.TrimSuffix(spec, "*"))
	if err != nil {
		panic("duckdb: template slot " + spec)
	}
	if rest {
		var parts []string
		for i := n; i < len(f.Args); i++ {
			parts = append(parts, l.formed(f.Args[i], form, s))
		}
		return strings.Join(parts, ", ")
	}
	if n >= len(f.Args) {
		return fallback
	}
	return l.formed(f.Args[n], form, s)
}

func (l *lowerer) formed(x plan.Expr, form byte, s *sel) string {
	a := l.expr(x, s)
	switch form {
	case 'r':
		if x.Type() == catalog.Real {
			return a
		}
		return a + "::DOUBLE"
	case 'j':
		return toJSON(a, x.Type())
	case 's':
		return convert(a, x.Type(), catalog.String)
	}
	return a
}

const (
	day    = "864000000000"
	second = "10000000"
	date   = "(DATE '0001-01-01' + ({0} // 864000000000)::INTEGER)"
)

// templates are the functions that are one expression. A string result is never
// NULL: natives with text results see to it themselves.
var templates = map[string]string{
	"strcat_array": "coalesce(kql_strcat_array({0}, {1}), '')", "strcmp": "CASE WHEN {0} < {1} THEN -1 WHEN {0} > {1} THEN 1 ELSE 0 END::BIGINT",
	"strrep": "kql_repeat({0}, {1}, {2|''})", "toupper": "upper({0})", "tolower": "lower({0})",
	"strlen": "length({s0})", "string_size": "strlen({s0})",
	"unicode_codepoints_from_string": "kql_codepoints({0})", "unicode_codepoints_to_string": "kql_from_codepoints({j0*})",
	"substring": "kql_substring({0}, {1}, {2|NULL::BIGINT})", "regex_quote": "kql_regex_quote({0})",
	"indexof":       "kql_indexof({0}, {1}, {2|0}, {3|NULL::BIGINT}, {4|NULL::BIGINT})",
	"indexof_regex": "kql_indexof_regex({0}, {1}, {2|0}, {3|NULL::BIGINT}, {4|NULL::BIGINT})",
	"has_any_index": "kql_has_any_index({s0}, {1})", "reverse": "kql_reverse({0})", "parse_command_line": "kql_parse_command_line({0}, {1})",
	"replace_strings": "kql_replace_strings({0}, {1}, {2})", "translate": "kql_translate({0}, {1}, {2})",
	"trim": "kql_trim({0}, {1}, 3)", "trim_start": "kql_trim({0}, {1}, 1)", "trim_end": "kql_trim({0}, {1}, 2)",
	"tohex":      "kql_tohex({0}, {1|NULL::BIGINT})",
	"url_encode": "kql_url_encode({0})", "url_encode_component": "kql_url_encode_component({0})", "url_decode": "kql_url_decode({0})",
	"base64_encode_tostring": "kql_base64_encode({0})", "base64_decode_tostring": "kql_base64_decode({0})",
	"base64_decode_toarray": "kql_base64_decode_array({0})", "base64_decode_toguid": "kql_base64_decode_guid({0})::UUID",
	"base64_encode_fromguid": "kql_base64_encode_guid({0}::VARCHAR)", "base64_encode_fromarray": "kql_base64_encode_array({0})",
	"zlib_compress_to_base64_string": "kql_zlib({0})", "zlib_decompress_from_base64_string": "kql_unzlib({0})",
	"gzip_compress_to_base64_string": "kql_gzip({0})", "gzip_decompress_from_base64_string": "kql_gunzip({0})",
	"punycode_from_string": "kql_punycode_encode({0})", "punycode_to_string": "kql_punycode_decode({0})",
	"punycode_domain_from_string": "kql_domain_from_ascii({0})", "punycode_domain_to_string": "kql_domain_to_ascii({0})",
	"parse_csv": "kql_parse_csv({0})", "parse_xml": "kql_parse_xml({0})", "parse_url": "kql_parse_url({0})", "parse_urlquery": "kql_parse_urlquery({0})",
	"parse_path": "kql_parse_path({0})", "parse_user_agent": "kql_parse_user_agent({0}, {j1|NULL::VARCHAR})",
	"parse_version": "kql_parse_version({0})::DECIMAL(38,0)", "isascii": "kql_isascii({0})", "isutf8": "TRUE",

	"parse_ipv4": "kql_parse_ipv4({0}, NULL::BIGINT)", "parse_ipv4_mask": "kql_parse_ipv4({0}, {1})",
	"parse_ipv6": "kql_parse_ipv6({0}, NULL::BIGINT)", "parse_ipv6_mask": "kql_parse_ipv6({0}, {1})",
	"format_ipv4": "kql_format_ipv4({s0}, {1|NULL::BIGINT}, FALSE)", "format_ipv4_mask": "kql_format_ipv4({s0}, {1|NULL::BIGINT}, TRUE)",
	"ipv4_compare": "kql_ipv4_compare({0}, {1}, {2|NULL::BIGINT})", "ipv4_is_match": "(kql_ipv4_compare({0}, {1}, {2|NULL::BIGINT}) = 0)",
	"ipv6_compare": "kql_ipv6_compare({0}, {1}, {2|NULL::BIGINT})", "ipv6_is_match": "(kql_ipv6_compare({0}, {1}, {2|NULL::BIGINT}) = 0)",
	"ipv4_is_in_range": "kql_ipv4_in_range({0}, {j1*})", "ipv4_is_in_any_range": "kql_ipv4_in_range({s0}, {j1*})",
	"ipv6_is_in_range": "kql_ipv6_in_range({0}, {j1*})", "ipv6_is_in_any_range": "kql_ipv6_in_range({s0}, {j1*})",
	"ipv4_netmask_suffix": "kql_ipv4_suffix({0})", "ipv4_is_private": "kql_ipv4_is_private({0})", "ipv4_range_to_cidr_list": "kql_ipv4_range_to_cidr({0}, {1})",
	"has_ipv4": "kql_has_ipv4({s0}, FALSE, {j1*})", "has_any_ipv4": "kql_has_ipv4({s0}, FALSE, {j1*})",
	"has_ipv4_prefix": "kql_has_ipv4({s0}, TRUE, {j1*})", "has_any_ipv4_prefix": "kql_has_ipv4({s0}, TRUE, {j1*})",

	"format_datetime": "kql_format_datetime({0}, {1})", "format_timespan": "kql_format_timespan({0}, {1})", "format_bytes": "kql_format_bytes({r0}, {1|0}, {2|''})",
	"datetime_add": "kql_datetime_add({0}, {1}, {2})", "datetime_diff": "kql_datetime_diff({0}, {1}, {2})", "datetime_part": "kql_datetime_part({0}, {1})::INTEGER",
	"dayofweek": "((({0} // " + day + ") + 1) % 7 * " + day + ")", "dayofmonth": "day(" + date + ")::INTEGER", "dayofyear": "dayofyear(" + date + ")::INTEGER",
	"hourofday": "({0} // 36000000000 % 24)::INTEGER", "week_of_year": "week(" + date + ")::INTEGER", "weekofyear": "week(" + date + ")::INTEGER", "getmonth": "month(" + date + ")::INTEGER", "monthofyear": "month(" + date + ")::INTEGER",
	"getyear":                          "year(" + date + ")::INTEGER",
	"unixtime_seconds_todatetime":      "kql_unixtime({r0}, 10000000)",
	"unixtime_milliseconds_todatetime": "kql_unixtime({r0}, 10000)",
	"unixtime_microseconds_todatetime": "kql_unixtime({r0}, 10)",
	"unixtime_nanoseconds_todatetime":  "kql_unixtime({r0}, 0.01)",
	"datetime_local_to_utc":            "kql_local_to_utc({0}, {1})", "datetime_utc_to_local": "kql_utc_to_local({0}, {1})",

	"hash_sha256": "kql_sha256({s0})", "hash_md5": "kql_md5({s0})", "hash_sha1": "kql_sha1({s0})",

	"isnan": "isnan({r0})", "isinf": "isinf({r0})", "isfinite": "isfinite({r0})", "not": "(NOT {0})", "assert": "{0}",
	"binary_and": "({0}::BIGINT & {1}::BIGINT)", "binary_or": "({0}::BIGINT | {1}::BIGINT)", "binary_xor": "xor({0}::BIGINT, {1}::BIGINT)", "binary_not": "(~{0}::BIGINT)",
	"binary_shift_left": "kql_shift({0}, {1})", "binary_shift_right": "kql_shift({0}, -({1}))", "bitset_count_ones": "kql_bits({0})",
	"treepath": "kql_treepath({0})", "repeat": "kql_repeat_value({j0}, {1})",
	"array_reverse": "kql_array_reverse({0})", "array_concat": "kql_array_concat({0*})",
	"array_iff": "kql_array_iff({0}, {j1}, {j2})", "array_index_of": "kql_array_index_of({0}, {j1}, {2|0}, {3|NULL::BIGINT}, {4|NULL::BIGINT})",
	"set_has_element": "kql_set_has_element({0}, {j1})", "array_slice": "kql_array_slice({0}, {1}, {2})", "array_split": "kql_array_split({0}, {j1})",
	"array_shift_left": "kql_array_shift({0}, {1}, {j2|NULL::VARCHAR})", "array_shift_right": "kql_array_shift({0}, -({1}), {j2|NULL::VARCHAR})",
	"array_rotate_left": "kql_array_rotate({0}, {1})", "array_rotate_right": "kql_array_rotate({0}, -({1}))", "array_sum": "kql_array_sum({0})",
	"bag_keys": "kql_bag_keys({0})", "bag_has_key": "kql_bag_has_key({0}, {1})", "bag_merge": "kql_bag_merge({0*})", "bag_remove_keys": "kql_bag_remove_keys({0}, {1})",
	"bag_set_key": "kql_bag_set_key({0}, {1}, {j2})", "bag_zip": "kql_bag_zip({0}, {1})", "zip": "kql_zip({0*})",
	"set_union": "kql_set_union({0*})", "set_intersect": "kql_set_intersect({0*})", "set_difference": "kql_set_difference({0*})",
	"set_equals":      "(kql_jaccard({0}, {1}) = 1)",
	"dynamic_to_json": "coalesce(json({0})::VARCHAR, '')", "jaccard_index": "kql_jaccard({0}, {1})", "pack_array": "json_array({j0*})",

	"pow": "kql_pow({r0}, {r1})", "sqrt": "kql_sqrt({r0})", "exp": "kql_exp({r0})", "exp2": "kql_exp2({r0})", "exp10": "kql_exp10({r0})",
	"log": "kql_log({r0}, 0)", "log2": "kql_log({r0}, 2)", "log10": "kql_log({r0}, 10)", "pi": "pi()",
	"cos": "kql_cos({r0})", "sin": "kql_sin({r0})", "tan": "kql_tan({r0})", "cot": "(1 / kql_tan({r0}))", "acos": "kql_acos({r0})", "asin": "kql_asin({r0})",
	"atan": "atan({r0})", "atan2": "atan2({r0}, {r1})", "degrees": "degrees({r0})", "radians": "radians({r0})", "sign": "sign({r0})::DOUBLE",
	"rand": "random()", "beta_cdf": "kql_beta_cdf({r0}, {r1}, {r2})", "beta_inv": "kql_beta_inv({r0}, {r1}, {r2})", "beta_pdf": "kql_beta_pdf({r0}, {r1}, {r2})",
	"erf": "kql_erf({r0})", "erfc": "kql_erfc({r0})", "gamma": "kql_gamma({r0})", "loggamma": "kql_loggamma({r0})",
	"welch_test":    "kql_welch_test({r0}, {r1}, {r2}, {r3}, {r4}, {r5})",
	"convert_angle": "kql_convert({r0}, {1}, {2}, 'angle')", "convert_energy": "kql_convert({r0}, {1}, {2}, 'energy')", "convert_force": "kql_convert({r0}, {1}, {2}, 'force')",
	"convert_length": "kql_convert({r0}, {1}, {2}, 'length')", "convert_mass": "kql_convert({r0}, {1}, {2}, 'mass')", "convert_speed": "kql_convert({r0}, {1}, {2}, 'speed')",
	"convert_temperature": "kql_convert({r0}, {1}, {2}, 'temperature')", "convert_volume": "kql_convert({r0}, {1}, {2}, 'volume')",
	"new_guid": "uuid()", "current_database": "'Tocsin'", "current_principal": "''", "geo_info_from_ip_address": "kql_geo_info({0})",

	"geo_distance_2points": "kql_geo_distance({r0}, {r1}, {r2}, {r3})", "geo_azimuth": "kql_geo_azimuth({r0}, {r1}, {r2}, {r3})",
	"geo_angle":           "kql_geo_angle({r0}, {r1}, {r2}, {r3}, {r4}, {r5})",
	"geo_point_in_circle": "kql_geo_in_circle({r0}, {r1}, {r2}, {r3}, {r4})", "geo_point_in_polygon": "kql_geo_in_polygon({r0}, {r1}, {2})",
	"geo_polygon_perimeter": "kql_geo_length({0})", "geo_polygon_area": "kql_geo_area({0})",
	"geo_point_to_geohash": "kql_geohash({r0}, {r1}, {2|5}::BIGINT)",
	"geo_point_to_s2cell":  "kql_s2_cell({r0}, {r1}, {2|11}::BIGINT)", "geo_s2cell_to_central_point": "kql_s2_center({0})", "geo_s2cell_to_polygon": "kql_s2_polygon({0})", "geo_s2cell_neighbors": "kql_s2_neighbors({0})",
	"geo_distance_point_to_polygon": "kql_geo_to_shape({r0}, {r1}, {2}, TRUE)", "geo_closest_point_on_line": "kql_geo_closest({r0}, {r1}, {2}, FALSE)", "geo_closest_point_on_polygon": "kql_geo_closest({r0}, {r1}, {2}, TRUE)",
	"geo_line_densify": "kql_geo_densify_line({0}, {r1|10::DOUBLE})", "geo_polygon_densify": "kql_geo_densify_polygon({0}, {r1|10::DOUBLE})",
	"geo_h3cell_level": "kql_h3_level({0})", "geo_h3cell_parent": "kql_h3_parent({0}, {1|NULL}::BIGINT)", "geo_h3cell_children": "kql_h3_children({0}, {1|NULL}::BIGINT)",
	"geo_from_wkt": "kql_geo_from_wkt({0})", "geo_intersects_2lines": "kql_geo_lines_meet({0}, {1})", "geo_intersects_2polygons": "kql_geo_polygons_meet({0}, {1})", "geo_intersects_line_with_polygon": "kql_geo_line_meets_polygon({0}, {1})",
	"geo_line_centroid": "kql_geo_line_centroid({0})", "geo_polygon_centroid": "kql_geo_polygon_centroid({0})", "geo_line_interpolate_point": "kql_geo_interpolate({0}, {r1})", "geo_line_locate_point": "kql_geo_locate({0}, {r1}, {r2})",
	"geo_geohash_to_central_point": "kql_geohash_center({0})", "geo_geohash_to_polygon": "kql_geohash_polygon({0})", "geo_geohash_neighbors": "kql_geohash_neighbors({0})",

	"dcount_hll": "kql_hll_count({0})", "hll_merge": "kql_hll_merge({0*})", "tdigest_merge": "kql_tdigest_merge({0*})",
	"rank_tdigest": "kql_tdigest_rank({0}, {j1})", "percentrank_tdigest": "(100 * kql_tdigest_rank({0}, {j1}) / json_array_length({0}))",

	"series_fir":                 "kql_series_fir({0}, {1}, {2|NULL::BOOLEAN}, {3|FALSE})",
	"series_iir":                 "kql_series_iir({0}, {1}, {2})",
	"series_stats_dynamic":       "kql_series_stats({0}, FALSE)",
	"series_fit_line_dynamic":    "kql_series_fit_line({0})",
	"series_fit_2lines_dynamic":  "kql_series_fit_2lines({0})",
	"series_outliers":            "kql_series_outliers({0}, {1|'ctukey'}, NULL::VARCHAR, {3|NULL}::DOUBLE, {4|NULL}::DOUBLE)",
	"series_fill_forward":        "kql_series_fill({0}, {j1|NULL::VARCHAR}, 'forward', NULL::VARCHAR)",
	"series_fill_backward":       "kql_series_fill({0}, {j1|NULL::VARCHAR}, 'backward', NULL::VARCHAR)",
	"series_fill_const":          "kql_series_fill({0}, {j2|NULL::VARCHAR}, 'const', {j1|'0'})",
	"series_fill_linear":         "kql_series_fill({0}, {j1|NULL::VARCHAR}, 'linear', {j3|'0'})",
	"series_seasonal":            "kql_series_seasonal({0}, {1|NULL::BIGINT})",
	"series_dot_product":         "kql_series_dot_product({j0}, {j1})",
	"series_cosine_similarity":   "kql_series_cosine_similarity({0}, {1})",
	"series_pearson_correlation": "kql_series_pearson({0}, {1})",
}

// likeNamed are the series functions whose native has the same name.
func likeNamed(name string) (string, bool) {
	switch name {
	case "series_abs", "series_acos", "series_asin", "series_atan", "series_ceiling", "series_cos", "series_exp", "series_floor", "series_log",
		"series_sin", "series_tan", "series_sign", "series_sum", "series_product", "series_magnitude":
		return "kql_" + name + "({0})", true
	case "series_add", "series_subtract", "series_multiply", "series_divide", "series_pow", "series_less", "series_less_equals",
		"series_greater", "series_greater_equals", "series_equals", "series_not_equals":
		return "kql_" + name + "({j0}, {j1})", true
	}
	return "", false
}
