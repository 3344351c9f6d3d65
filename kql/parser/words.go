package parser

// reserved are the words that are no names where a value is read: as a column or
// function they are written in brackets, ['last']. The list is that of Kusto's
// parser library for queries; words reserved only in management commands are left out.
var reserved = wordSet(`accumulate and anomalychart areachart as asc bagexpansion barchart between bin_legacy by
	card columnchart contains containscs contains_cs cycles datascope datatable decodeblocks desc
	earliest endswith endswith_cs expandoutput externaldata external_data find first flags
	has has_all has_any has_cs hasprefix hasprefix_cs hassuffix hassuffix_cs in invoke isfuzzy
	kind ladderchart last latest like likecs linechart materialize matches nooptimization
	notcontains notcontainscs notlike notlikecs of or others piechart pivotchart print project relaxed
	sample scatterchart search set simple stackedareachart startswith startswith_cs
	timechart timeline timepivot title to toscalar totable treemap union where
	with_itemindex with_match_id with_source with_step_name withsource`)

// declarable are the reserved words that may still name a new column or parameter.
var declarable = wordSet(`accumulate as by contains datatable earliest externaldata find has in invoke latest
	materialize of print sample search set title to toscalar totable where
	kind type timeline card`)

// sources are the operators that may stand at the head of a pipe.
var sources = wordSet(`print range union search find evaluate macro-expand`)

// lowered are the keywords people write in capitals; only lower case is KQL.
var lowered = wordSet(`and or not in has contains startswith endswith between where project extend summarize
	join union by on take limit sort order top distinct count let parse render matches has_any has_all`)

// typeNames maps the spellings of scalar types to their canonical names. Kusto accepts the sized
// integers and float only in places of no consequence; they mean what they widen to.
var typeNames = map[string]string{
	"bool": "bool", "boolean": "bool", "date": "datetime", "datetime": "datetime", "decimal": "decimal",
	"double": "real", "real": "real", "float": "real", "dynamic": "dynamic", "guid": "guid", "uuid": "guid",
	"uniqueid": "guid", "int": "int", "int8": "int", "int16": "int", "int32": "int", "uint8": "int", "uint16": "int",
	"byte": "int", "char": "string", "long": "long", "int64": "long", "uint": "long", "uint32": "long",
	"uint64": "long", "ulong": "long", "string": "string", "time": "timespan", "timespan": "timespan",
}

// IsName reports whether a name may be written without brackets everywhere.
func IsName(name string) bool {
	if name == "" || isDigit(name[0]) || reserved[name] {
		return false
	}
	for i := range len(name) {
		if !isWordByte(name[i]) {
			return false
		}
	}
	return true
}
