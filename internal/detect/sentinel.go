package detect

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tocsin-soc/tocsin"
)

// A KQLRule is a scheduled or near-real-time rule in the form of Microsoft
// Sentinel's public rule files (Azure-Sentinel repository, "Detections" and
// "Analytic Rules"). It is immutable once parsed.
type KQLRule struct {
	tocsin.Rule
	Query     string
	Frequency time.Duration // how often; 5 min to 14 days, NRT 1 min
	Period    time.Duration // over how much; at least Frequency, at most 14 days
	Trigger   Trigger
	Entities  []EntityMapping
	Details   map[string]string // custom detail → column
	Override  Override
	PerResult bool          // an alert per result row (AlertPerResult)
	Suppress  time.Duration // after an alert the rule rests this long; 0 is never
	Grouping  tocsin.Grouping
}

// A Trigger says when the number of result rows makes an alert.
type Trigger struct {
	Operator  string // gt, lt, eq, ne
	Threshold int
}

// Fires reports whether this many rows make an alert.
func (t Trigger) Fires(rows int) bool {
	switch t.Operator {
	case "lt":
		return rows < t.Threshold
	case "eq":
		return rows == t.Threshold
	case "ne":
		return rows != t.Threshold
	default:
		return rows > t.Threshold
	}
}

// An EntityMapping names the columns that hold an entity's identifiers.
type EntityMapping struct {
	Type   tocsin.EntityType
	Fields []FieldMapping
}

// A FieldMapping is one identifier and the column it is in.
type FieldMapping struct{ Identifier, Column string }

// An Override makes parts of an alert from the result ({{Column}} in formats).
type Override struct {
	NameFormat, DescriptionFormat string
	TacticsColumn, SeverityColumn string
}

// ruleFile is the YAML of a Sentinel rule. Values come with stray blanks and
// mixed case in published content, so everything is read as text first.
type ruleFile struct {
	ID                   string            `yaml:"id"`
	Name                 string            `yaml:"name"`
	Description          string            `yaml:"description"`
	Severity             string            `yaml:"severity"`
	Kind                 string            `yaml:"kind"`
	Version              string            `yaml:"version"`
	Query                string            `yaml:"query"`
	QueryFrequency       string            `yaml:"queryFrequency"`
	QueryFrequencyLower  string            `yaml:"queryfrequency"`
	QueryPeriod          string            `yaml:"queryPeriod"`
	QueryPeriodLower     string            `yaml:"queryperiod"`
	TriggerOperator      string            `yaml:"triggerOperator"`
	TriggerThreshold     any               `yaml:"triggerThreshold"`
	Tactics              []string          `yaml:"tactics"`
	Techniques           []string          `yaml:"relevantTechniques"`
	EntityMappings       []entityFile      `yaml:"entityMappings"`
	CustomDetails        map[string]string `yaml:"customDetails"`
	AlertDetailsOverride struct {
		AlertDisplayNameFormat  string `yaml:"alertDisplayNameFormat"`
		AlertDescriptionFormat  string `yaml:"alertDescriptionFormat"`
		AlertTacticsColumnName  string `yaml:"alertTacticsColumnName"`
		AlertSeverityColumnName string `yaml:"alertSeverityColumnName"`
	} `yaml:"alertDetailsOverride"`
	EventGroupingSettings struct {
		AggregationKind string `yaml:"aggregationKind"`
	} `yaml:"eventGroupingSettings"`
	SuppressionEnabled    bool          `yaml:"suppressionEnabled"`
	SuppressionDuration   string        `yaml:"suppressionDuration"`
	IncidentConfiguration *incidentFile `yaml:"incidentConfiguration"`
	Metadata              struct {
		Author struct {
			Name string `yaml:"name"`
		} `yaml:"author"`
	} `yaml:"metadata"`
}

type entityFile struct {
	EntityType    string `yaml:"entityType"`
	FieldMappings []struct {
		Identifier string `yaml:"identifier"`
		ColumnName string `yaml:"columnName"`
	} `yaml:"fieldMappings"`
}

type incidentFile struct {
	CreateIncident        *bool `yaml:"createIncident"`
	GroupingConfiguration struct {
		Enabled              bool     `yaml:"enabled"`
		ReopenClosedIncident bool     `yaml:"reopenClosedIncident"`
		LookbackDuration     string   `yaml:"lookbackDuration"`
		MatchingMethod       string   `yaml:"matchingMethod"`
		GroupByEntities      []string `yaml:"groupByEntities"`
		GroupByAlertDetails  []string `yaml:"groupByAlertDetails"`
		GroupByCustomDetails []string `yaml:"groupByCustomDetails"`
	} `yaml:"groupingConfiguration"`
}

// Limits of a scheduled rule, as Sentinel documents them.
const (
	maxQueryChars = 10_000
	minFrequency  = 5 * time.Minute
	maxPeriod     = 14 * 24 * time.Hour
	nrtFrequency  = time.Minute
	maxSuppress   = 24 * time.Hour
)

// ParseKQLRule reads one Sentinel rule file. The error says what is wrong with
// the rule in words for its author.
func ParseKQLRule(path string, text []byte) (*KQLRule, error) {
	f, err := readRuleFile(text)
	if err != nil {
		return nil, err
	}
	r := &KQLRule{
		Rule: tocsin.Rule{
			ID: tocsin.RuleID(strings.TrimSpace(f.ID)), Kind: tocsin.ScheduledRule, Version: strings.TrimSpace(f.Version),
			Title: strings.TrimSpace(f.Name), Description: trimQuoted(f.Description), Author: f.Metadata.Author.Name,
			Tactics: f.Tactics, Techniques: f.Techniques, Path: path, Source: string(text),
		},
		Query:   f.Query,
		Details: f.CustomDetails,
		Override: Override{
			NameFormat: f.AlertDetailsOverride.AlertDisplayNameFormat, DescriptionFormat: f.AlertDetailsOverride.AlertDescriptionFormat,
			TacticsColumn: f.AlertDetailsOverride.AlertTacticsColumnName, SeverityColumn: f.AlertDetailsOverride.AlertSeverityColumnName,
		},
		PerResult: strings.EqualFold(
			strings.TrimSpace(f.EventGroupingSettings.AggregationKind), "AlertPerResult"),
	}
	for _, step := range []func(*ruleFile, *KQLRule) error{
		setIdentity, setTiming, setTrigger, setEntities, setGrouping,
	} {
		if err := step(f, r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// readRuleFile reads the YAML. The library panics on some malformed documents (a
// tag where a list belongs); that is the file's fault, not a reason to stop.
func readRuleFile(text []byte) (f *ruleFile, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			f, err = nil, fmt.Errorf("not readable as YAML: %v", broken)
		}
	}()
	f = &ruleFile{}
	if err := yaml.Unmarshal(text, f); err != nil {
		return nil, fmt.Errorf("not readable as YAML: %w", err)
	}
	return f, nil
}

// trimQuoted removes the quotes that published descriptions carry inside a YAML block.
func trimQuoted(s string) string {
	return strings.TrimSpace(strings.Trim(strings.TrimSpace(s), "'\""))
}

func setIdentity(f *ruleFile, r *KQLRule) error {
	switch {
	case r.Title == "":
		return fmt.Errorf("the rule has no name")
	case r.ID == "":
		return fmt.Errorf("the rule has no id; give it a GUID so that its alerts keep their identity")
	case strings.TrimSpace(f.Query) == "":
		return fmt.Errorf("the rule has no query")
	case len(f.Query) > maxQueryChars:
		return fmt.Errorf("the query has %d characters; the limit is %d", len(f.Query), maxQueryChars)
	}
	sev, ok := tocsin.ParseSeverity(f.Severity)
	if !ok {
		return fmt.Errorf("severity %q is not one of Informational, Low, Medium, High", strings.TrimSpace(f.Severity))
	}
	r.Severity = sev
	return nil
}

func setTiming(f *ruleFile, r *KQLRule) (err error) {
	if strings.EqualFold(strings.TrimSpace(f.Kind), "NRT") {
		r.Kind, r.Frequency, r.Period = tocsin.NRTRule, nrtFrequency, nrtFrequency
		return nil
	}
	frequency, period := f.QueryFrequency+f.QueryFrequencyLower, f.QueryPeriod+f.QueryPeriodLower
	if r.Frequency, err = ParseDuration(frequency); err != nil {
		return fmt.Errorf("queryFrequency: %w", err)
	}
	if r.Period, err = ParseDuration(period); err != nil {
		return fmt.Errorf("queryPeriod: %w", err)
	}
	switch {
	case r.Frequency < minFrequency || r.Frequency > maxPeriod:
		return fmt.Errorf("queryFrequency %s is outside 5 minutes to 14 days", frequency)
	case r.Period > maxPeriod:
		return fmt.Errorf("queryPeriod %s is more than 14 days", period)
	case r.Period < r.Frequency:
		return fmt.Errorf("queryPeriod %s is shorter than queryFrequency %s: events between two runs would never be looked at", period, frequency)
	}
	if f.SuppressionEnabled {
		if r.Suppress, err = ParseDuration(f.SuppressionDuration); err != nil {
			return fmt.Errorf("suppressionDuration: %w", err)
		}
		if r.Suppress > maxSuppress {
			return fmt.Errorf("suppressionDuration %s is more than 24 hours", f.SuppressionDuration)
		}
	}
	return nil
}

var operators = map[string]string{
	"": "gt", "gt": "gt", "greaterthan": "gt", "lt": "lt", "lessthan": "lt", "eq": "eq", "equal": "eq", "ne": "ne", "notequal": "ne",
}

func setTrigger(f *ruleFile, r *KQLRule) error {
	op, ok := operators[strings.ToLower(strings.TrimSpace(f.TriggerOperator))]
	if !ok {
		return fmt.Errorf("triggerOperator %q is not one of gt, lt, eq, ne", f.TriggerOperator)
	}
	r.Trigger.Operator = op
	if f.TriggerThreshold == nil {
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(fmt.Sprint(f.TriggerThreshold)))
	if err != nil || n < 0 {
		return fmt.Errorf("triggerThreshold %v is not a whole number", f.TriggerThreshold)
	}
	r.Trigger.Threshold = n
	return nil
}

func setEntities(f *ruleFile, r *KQLRule) error {
	for _, e := range f.EntityMappings {
		m := EntityMapping{Type: tocsin.EntityType(strings.TrimSpace(e.EntityType))}
		for _, fm := range e.FieldMappings {
			m.Fields = append(m.Fields, FieldMapping{strings.TrimSpace(fm.Identifier), strings.TrimSpace(fm.ColumnName)})
		}
		r.Entities = append(r.Entities, m)
	}
	return nil
}

func setGrouping(f *ruleFile, r *KQLRule) (err error) {
	c := f.IncidentConfiguration
	if c == nil {
		return nil
	}
	r.Grouping.NoIncident = c.CreateIncident != nil && !*c.CreateIncident
	g := c.GroupingConfiguration
	if !g.Enabled {
		return nil
	}
	r.Grouping.Method, r.Grouping.Reopen = strings.TrimSpace(g.MatchingMethod), g.ReopenClosedIncident
	for _, e := range g.GroupByEntities {
		r.Grouping.ByEntities = append(r.Grouping.ByEntities, tocsin.EntityType(e))
	}
	r.Grouping.ByDetails = append(append([]string(nil), g.GroupByAlertDetails...), g.GroupByCustomDetails...)
	if r.Grouping.Lookback, err = ParseDuration(g.LookbackDuration); err != nil {
		return fmt.Errorf("lookbackDuration: %w", err)
	}
	return nil
}

var (
	shortDuration = regexp.MustCompile(`^(\d{1,5})\s*([smhd])$`)
	isoDuration   = regexp.MustCompile(`^P(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,5})S)?)?$`)
	unitLength    = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
)

// ParseDuration reads the durations of rule files: 5m, 1h, 14d, PT1H, P1DT6H.
func ParseDuration(s string) (time.Duration, error) {
	text := strings.TrimSpace(s)
	if m := shortDuration.FindStringSubmatch(strings.ToLower(text)); m != nil {
		n, _ := strconv.Atoi(m[1])
		return time.Duration(n) * unitLength[m[2]], nil
	}
	if m := isoDuration.FindStringSubmatch(strings.ToUpper(text)); m != nil && len(text) > 2 && !strings.HasSuffix(strings.ToUpper(text), "T") {
		var d time.Duration
		for i, unit := range []string{"d", "h", "m", "s"} {
			n, _ := strconv.Atoi(m[i+1])
			d += time.Duration(n) * unitLength[unit]
		}
		return d, nil
	}
	return 0, fmt.Errorf("%q is not a duration; write 5m, 1h, 1d or PT1H", text)
}
