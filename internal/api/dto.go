package api

import (
	"encoding/json"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// The shapes of requests and responses. web/src/api/types.gen.ts is generated
// from this file (go generate ./internal/api), so a change here is a change there.
// Times are RFC 3339 UTC; an absent time is null. Lists are never null.

// A Problem is the body of every response that is not a success.
type Problem struct {
	Kind      tocsin.Kind `json:"kind"`
	Message   string      `json:"message"`
	RequestID string      `json:"requestId"`
}

// SignIn is the body of POST /api/v1/session: a user name and password, or the
// token of a one-time sign-in link.
type SignIn struct {
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	Link     string `json:"link,omitempty"`
}

// Session answers GET and POST /api/v1/session.
type Session struct {
	User        string      `json:"user"`
	DisplayName string      `json:"displayName"`
	Role        tocsin.Role `json:"role"`
	ExpiresAt   time.Time   `json:"expiresAt"`
	Version     string      `json:"version"` // of the server
	IsDemo      bool        `json:"isDemo"`
}

// Assignee is one user an incident can be assigned to (GET /api/v1/users).
type Assignee struct {
	User        string      `json:"user"`
	DisplayName string      `json:"displayName"`
	Role        tocsin.Role `json:"role"`
}

// IncidentSummary is one row of the incident queue.
type IncidentSummary struct {
	ID             tocsin.IncidentID     `json:"id"`
	Title          string                `json:"title"`
	Severity       tocsin.Severity       `json:"severity"`
	Status         tocsin.IncidentStatus `json:"status"`
	Owner          string                `json:"owner"`
	Classification tocsin.Classification `json:"classification"`
	Determination  tocsin.Determination  `json:"determination"`
	Tags           []string              `json:"tags"`
	Tactics        []string              `json:"tactics"`
	Entities       []Entity              `json:"entities"` // the most telling few; EntityCount says how many there are
	EntityCount    int                   `json:"entityCount"`
	AlertCount     int                   `json:"alertCount"`
	ActiveAlerts   int                   `json:"activeAlerts"`
	CreatedAt      time.Time             `json:"createdAt"`
	UpdatedAt      time.Time             `json:"updatedAt"`
	AcknowledgedAt *time.Time            `json:"acknowledgedAt"`
	ClosedAt       *time.Time            `json:"closedAt"`
	FirstActivity  *time.Time            `json:"firstActivity"`
	LastActivity   *time.Time            `json:"lastActivity"`
	Version        int                   `json:"version"`
}

// IncidentPage answers GET /api/v1/incidents.
// Query: status, severity, owner ("-" is nobody), tag, q (words in title, entity or number),
// sort (updatedAt, createdAt, severity, id; "-" before it for descending), limit (1..200), cursor.
type IncidentPage struct {
	Items []IncidentSummary `json:"items"`
	Total int               `json:"total"` // that match the filter
	// TotalIsLeast says that more match than Total: counting all of a search for
	// common words would take too long.
	TotalIsLeast bool        `json:"totalIsLeast"`
	Counts       QueueCounts `json:"counts"` // of the whole queue, whatever the filter
	Next         string      `json:"next"`   // cursor of the next page; empty at the end
}

// QueueCounts is the header of the queue.
type QueueCounts struct {
	New        int            `json:"new"`
	Active     int            `json:"active"`
	Closed     int            `json:"closed"`
	Unassigned int            `json:"unassigned"`     // of new and active
	BySeverity map[string]int `json:"openBySeverity"` // of new and active
}

// IncidentDetail answers GET /api/v1/incidents/{id}.
type IncidentDetail struct {
	IncidentSummary
	CloseComment string             `json:"closeComment"`
	MergedInto   tocsin.IncidentID  `json:"mergedInto"` // 0 unless redirected
	Techniques   []string           `json:"techniques"`
	Alerts       []Alert            `json:"alerts"`   // by first activity: the attack story
	Entities     []EntityInIncident `json:"entities"` // replaces the summary's few
	Timeline     []TimelineEntry    `json:"timeline"` // newest first
}

// Entity is a thing an alert is about.
type Entity struct {
	Type        tocsin.EntityType `json:"type"`
	Label       string            `json:"label"`
	Key         string            `json:"key"` // empty when nothing identifies it
	Identifiers map[string]string `json:"identifiers"`
}

// EntityInIncident is an entity with where it occurs in one incident.
type EntityInIncident struct {
	Entity
	Alerts    []tocsin.AlertID `json:"alerts"`
	FirstSeen *time.Time       `json:"firstSeen"`
	LastSeen  *time.Time       `json:"lastSeen"`
}

// Alert is an alert, with why it is in its incident.
type Alert struct {
	ID            tocsin.AlertID      `json:"id"`
	Rule          tocsin.RuleID       `json:"ruleId"`
	RuleKind      tocsin.RuleKind     `json:"ruleKind"`
	Author        string              `json:"author"`
	Title         string              `json:"title"`
	Description   string              `json:"description"`
	Severity      tocsin.Severity     `json:"severity"`
	Status        tocsin.AlertStatus  `json:"status"`
	Tactics       []string            `json:"tactics"`
	Techniques    []string            `json:"techniques"`
	Entities      []Entity            `json:"entities"`
	Evidence      []Evidence          `json:"evidence"`
	CustomDetails map[string][]string `json:"customDetails"`
	Count         int                 `json:"count"`
	FirstActivity time.Time           `json:"firstActivity"`
	LastActivity  time.Time           `json:"lastActivity"`
	RaisedAt      time.Time           `json:"raisedAt"`
	Incident      tocsin.IncidentID   `json:"incidentId"`
	Reason        *Reason             `json:"reason"` // null outside an incident
	Notes         []string            `json:"notes"`
}

// Reason is why an alert was linked to its incident.
type Reason struct {
	Rule  string  `json:"rule"`
	Text  string  `json:"text"`
	Value string  `json:"value"`
	Score float64 `json:"score"`
}

// Evidence is one stored event an alert rests on.
type Evidence struct {
	Event      tocsin.EventID `json:"eventId"`
	Table      string         `json:"table"`
	OccurredAt time.Time      `json:"occurredAt"`
	Summary    string         `json:"summary"`
}

// TimelineEntry is one line of an incident's activity log.
type TimelineEntry struct {
	Seq   int          `json:"seq"` // 1, 2, …: the incident's version after it
	At    time.Time    `json:"at"`
	Actor tocsin.Actor `json:"actor"`
	Kind  string       `json:"kind"` // opened, alertAttached, assigned, statusChanged, commented, closed, …
	Text  string       `json:"text"` // what happened, for people: "assigned to amelie"
	// Comment is the text of a comment; plain text, to be shown as text.
	Comment string `json:"comment"`
}

// IncidentChange is the body of PATCH /api/v1/incidents/{id}. Only fields that
// are present change anything; Version is the version the caller looked at, and
// a stale one is a conflict. Closing needs a classification.
type IncidentChange struct {
	Version        int                    `json:"version"`
	Title          *string                `json:"title,omitempty"`
	Owner          *string                `json:"owner,omitempty"` // "" unassigns
	Severity       *tocsin.Severity       `json:"severity,omitempty"`
	Status         *tocsin.IncidentStatus `json:"status,omitempty"`
	Classification *tocsin.Classification `json:"classification,omitempty"`
	Determination  *tocsin.Determination  `json:"determination,omitempty"`
	Comment        *string                `json:"comment,omitempty"` // kept with the close
	Tags           *[]string              `json:"tags,omitempty"`
}

// NewComment is the body of POST /api/v1/incidents/{id}/comments.
type NewComment struct {
	Text string `json:"text"`
}

// QueryRequest is the body of POST /api/v1/query (run) and /api/v1/query/check.
type QueryRequest struct {
	Query string     `json:"query"`
	From  *time.Time `json:"from,omitempty"` // time range applied to every table read
	To    *time.Time `json:"to,omitempty"`
	Limit int        `json:"limit,omitempty"` // rows shown; 0 means 10,000
}

// QueryResult answers POST /api/v1/query, also when the query has errors:
// then Tables is empty and Diagnostics says where and what.
type QueryResult struct {
	Tables      []ResultTable `json:"tables"` // at least one on success; further ones of fork, facet, batches
	Diagnostics []Diagnostic  `json:"diagnostics"`
	Render      *Render       `json:"render"` // null without a render operator
	TookMillis  float64       `json:"tookMs"`
}

// ResultTable is a typed table. Cells are JSON: datetime and timespan as KQL
// prints them, dynamic as a JSON value, null as null.
type ResultTable struct {
	Name      string              `json:"name"`
	Columns   []Column            `json:"columns"`
	Rows      [][]json.RawMessage `json:"rows"`
	Truncated bool                `json:"truncated"`
	RowCount  int                 `json:"rowCount"` // shown; the query may have more when truncated
}

// Column is a column name and its KQL type.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Render is what the render operator asked for.
type Render struct {
	Visualization string            `json:"visualization"` // timechart, barchart, columnchart, piechart, …
	Properties    map[string]string `json:"properties"`
}

// Diagnostic is one thing the compiler says about a query, with its place.
type Diagnostic struct {
	Code     string `json:"code"` // KQL2001
	Severity string `json:"severity"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
	Start    int    `json:"start"` // byte offsets, half open
	End      int    `json:"end"`
	Line     int    `json:"line"`   // 1-based
	Column   int    `json:"column"` // 1-based, in characters
}

// CheckResult answers POST /api/v1/query/check.
type CheckResult struct {
	Diagnostics []Diagnostic `json:"diagnostics"`
}

// Schema answers GET /api/v1/schema: what IntelliSense knows.
type Schema struct {
	Tables    []SchemaTable    `json:"tables"`
	Functions []SchemaFunction `json:"functions"` // workspace functions
}

// SchemaTable is a table that can be queried.
type SchemaTable struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Columns     []Column `json:"columns"`
}

// SchemaFunction is a saved function that can be called by name.
type SchemaFunction struct {
	Name       string `json:"name"`
	Parameters string `json:"parameters"` // as written: (x:long, y:string="")
	Body       string `json:"body"`
}

// Rule is one detection rule with its health (GET /api/v1/rules).
type Rule struct {
	ID         tocsin.RuleID   `json:"id"`
	Kind       tocsin.RuleKind `json:"kind"`
	Title      string          `json:"title"`
	Severity   tocsin.Severity `json:"severity"`
	Tactics    []string        `json:"tactics"`
	Techniques []string        `json:"techniques"`
	Author     string          `json:"author"`
	Path       string          `json:"path"`
	State      string          `json:"state"`  // on, paused, rejected
	Reason     string          `json:"reason"` // of a pause or rejection
	Alerts     int             `json:"alerts"` // raised so far
	LastRun    *time.Time      `json:"lastRun"`
}

// RuleList answers GET /api/v1/rules. Query: state, kind, q, limit, cursor.
type RuleList struct {
	Items []Rule `json:"items"`
	Total int    `json:"total"`
	Next  string `json:"next"`
	On    int    `json:"on"`
	Off   int    `json:"off"` // paused or rejected
}

// RuleDetail answers GET /api/v1/rules/{id}.
type RuleDetail struct {
	Rule
	Description string           `json:"description"`
	Source      string           `json:"source"`
	Runs        []tocsin.RuleRun `json:"runs"` // newest first, at most 50
}

// Source is one source's conservation equation:
// received = stored + duplicates + deadLettered + filtered.
type Source struct {
	ID            tocsin.SourceID `json:"id"`
	Received      int64           `json:"received"`
	Stored        int64           `json:"stored"`       // records that became at least one row
	Duplicates    int64           `json:"duplicates"`   // records seen before
	DeadLettered  int64           `json:"deadLettered"` // see the table DeadLetters
	Filtered      int64           `json:"filtered"`
	Rows          int64           `json:"rows"`      // rows stored, over all tables
	Replayed      int64           `json:"replayed"`  // of the dead letters: became events after all
	Discarded     int64           `json:"discarded"` // of the dead letters: given up by somebody
	LastAt        *time.Time      `json:"lastAt"`
	Balanced      bool            `json:"balanced"`
	Hours         []int64         `json:"hours"`         // records of the last 24 hours, oldest first, the current one last
	SkewSeconds   float64         `json:"skewSeconds"`   // the source's clock is behind by this; negative: ahead; 0: it agrees
	Ahead         int64           `json:"ahead"`         // records whose event time was more than five minutes in the future
	LastAhead     *time.Time      `json:"lastAhead"`     // when a record from the future last came
	Shortened     int64           `json:"shortened"`     // rows of which long texts were shortened for lack of memory
	LastShortened *time.Time      `json:"lastShortened"` // when that last happened
	Drift         int64           `json:"drift"`         // fields that no column takes; see the table FieldDrift
	Opened        *OpenedSource   `json:"opened"`        // of a source that Tocsin itself opens, else null
}

// OpenedSource is the state of a listener, a consumer or a followed folder.
type OpenedSource struct {
	State       string     `json:"state"`  // waiting, connected, failed or stopped
	Detail      string     `json:"detail"` // where it listens, what it reads
	Since       time.Time  `json:"since"`
	LastError   string     `json:"lastError"` // kept after it has passed
	LastErrorAt *time.Time `json:"lastErrorAt"`
	Connections int        `json:"connections"`
	// Files of a followed folder that are not read, or not to their end, the latest
	// first, and how many there are beyond these.
	Refused     []RefusedFile `json:"refused"`
	RefusedMore int           `json:"refusedMore"`
}

// RefusedFile is one of which nothing, or not everything, was read.
type RefusedFile struct {
	Path   string    `json:"path"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// DoorRefusal counts what a door turned away, since the server started, before
// it became a record of any source.
type DoorRefusal struct {
	Door   string `json:"door"`
	Reason string `json:"reason"`
	Count  int64  `json:"count"`
}

// SourceList answers GET /api/v1/sources.
type SourceList struct {
	Items   []Source      `json:"items"`
	Refused []DoorRefusal `json:"refused"`
	Stopped string        `json:"stopped"` // why nothing is taken in just now; empty while it is
}

// DeadLetterQuery chooses dead letters. Empty fields choose everything.
type DeadLetterQuery struct {
	IDs    []string   `json:"ids,omitempty" maxItems:"1000"`
	State  string     `json:"state,omitempty" enum:"open,replayed,discarded,all" doc:"empty means open"`
	Source string     `json:"source,omitempty" maxLength:"300"`
	Table  string     `json:"table,omitempty" maxLength:"200" doc:"the table the sender named; - means none"`
	Reason string     `json:"reason,omitempty" maxLength:"500" doc:"part of the reason"`
	Kind   string     `json:"kind,omitempty" maxLength:"2000" doc:"the kind of reason, as a group names it"`
	Since  *time.Time `json:"since,omitempty" doc:"received since"`
}

// DeadLetter is one record that could not become events.
type DeadLetter struct {
	ID          string     `json:"id"`
	Source      string     `json:"source"`
	Sender      string     `json:"sender"` // network address it came from, where the door knows one
	Position    string     `json:"position"`
	Format      string     `json:"format"`
	Table       string     `json:"table"`
	Reason      string     `json:"reason"`
	Raw         string     `json:"raw"` // the record, or its beginning in a list
	RawEncoding string     `json:"rawEncoding"`
	RawLength   int        `json:"rawLength"`
	IsTruncated bool       `json:"isTruncated"` // only the beginning was kept, so it cannot be replayed
	State       string     `json:"state"`       // open, replayed, discarded
	Outcome     string     `json:"outcome"`     // of a replay: stored, duplicate, filtered
	Attempts    int64      `json:"attempts"`    // replays that failed
	ReceivedAt  time.Time  `json:"receivedAt"`
	ResolvedAt  *time.Time `json:"resolvedAt"`
	ResolvedBy  string     `json:"resolvedBy"`
	Note        string     `json:"note"` // why it was discarded
}

// DeadLetterList answers GET /api/v1/dead-letters.
type DeadLetterList struct {
	Items []DeadLetter `json:"items"`
	Next  string       `json:"next"`
}

// DeadLetterGroup counts letters that have the same kind of reason.
type DeadLetterGroup struct {
	Reason  string    `json:"reason"`  // what differs from record to record is written … and #
	Example string    `json:"example"` // one of the reasons
	Letter  string    `json:"letter"`  // id of one of the letters
	Source  string    `json:"source"`
	Table   string    `json:"table"`
	Count   int64     `json:"count"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// DeadLetterGroups answers GET /api/v1/dead-letters/groups: the most frequent first, at most 500.
type DeadLetterGroups struct {
	Items []DeadLetterGroup `json:"items"`
	Total int64             `json:"total"` // letters in all groups
}

// ReplayRequest is the body of POST /api/v1/dead-letters/replay.
type ReplayRequest struct {
	DeadLetterQuery
	SetTable  string `json:"setTable,omitempty" maxLength:"200" doc:"send the records to this table"`
	SetFormat string `json:"setFormat,omitempty" maxLength:"50" doc:"read the records as this format: row, json-line, syslog, line, evtx, windows, mail"`
	Edit      string `json:"edit,omitempty" maxLength:"15360" doc:"KQL over the letter's row, such as source | extend RawData = replace_string(RawData, 'NaN', 'null')"`
	Limit     int    `json:"limit,omitempty" minimum:"0" maximum:"1000000" doc:"most letters to try; 0 is 10,000"`
	IsDry     bool   `json:"isDry,omitempty" doc:"say what would happen, store nothing"`
}

// ReplayResult says what became of letters.
type ReplayResult struct {
	Tried      int           `json:"tried"`
	Stored     int           `json:"stored"`
	Duplicates int           `json:"duplicates"` // found stored: the sender had sent them again
	Filtered   int           `json:"filtered"`   // left out by the source's transform
	Failed     int           `json:"failed"`     // still dead letters, with the new reason
	Skipped    int           `json:"skipped"`    // not tried: truncated, or left out by the edit
	Events     int           `json:"events"`     // rows stored
	Alerts     int           `json:"alerts"`
	Reasons    []ReplayTally `json:"reasons"` // of those that failed or were skipped, the most frequent first, at most 20
	IsCut      bool          `json:"isCut"`   // the limit was reached: there may be more
	Preview    []ReplayRow   `json:"preview"` // of a dry run: the rows of the first records, at most 5
}

// ReplayRow is a row that a replay would store.
type ReplayRow struct {
	Table string       `json:"table"`
	Cells []ReplayCell `json:"cells"` // those that hold something
}

// ReplayCell is one column of a row.
type ReplayCell struct {
	Column string `json:"column"`
	Value  string `json:"value"` // as text, at most 500 bytes
}

// ReplayTally counts a reason.
type ReplayTally struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// DiscardRequest is the body of POST /api/v1/dead-letters/discard.
type DiscardRequest struct {
	DeadLetterQuery
	Note string `json:"note,omitempty" maxLength:"2000" doc:"why; it is kept with the letters"`
}

// DiscardResult says how many letters were given up.
type DiscardResult struct {
	Discarded int `json:"discarded"`
}

// HoldScope chooses what a hold keeps: rows that meet every condition. Empty
// fields choose everything. GET /api/v1/holds/preview takes them as its query.
type HoldScope struct {
	Table    string     `json:"table,omitempty" maxLength:"200"`
	From     *time.Time `json:"from,omitempty" doc:"event time, inclusive"`
	To       *time.Time `json:"to,omitempty" doc:"event time, exclusive"`
	Entity   string     `json:"entity,omitempty" maxLength:"1000" doc:"only rows in which this text occurs"`
	Incident int64      `json:"incident,omitempty" minimum:"0" doc:"holds the time of the incident, from an hour before its first alert, unless from and to are given"`
}

// HoldRequest is the body of POST /api/v1/holds: what retention must not delete.
type HoldRequest struct {
	HoldScope
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
}

// ReleaseRequest is the body of POST /api/v1/holds/{id}/release.
type ReleaseRequest struct {
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
}

// HeldRows counts rows of a table that a hold keeps.
type HeldRows struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// HoldPreview answers GET /api/v1/holds/preview. Tables of which nothing is
// held are left out.
type HoldPreview struct {
	From   *time.Time `json:"from"` // as it would be set: an incident's hold begins with the incident
	Tables []HeldRows `json:"tables"`
	Rows   int64      `json:"rows"`
}

// Hold is a legal hold.
type Hold struct {
	ID         string     `json:"id"`
	Table      string     `json:"table"` // empty: all
	From       *time.Time `json:"from"`
	To         *time.Time `json:"to"`
	Entity     string     `json:"entity"`
	Incident   int64      `json:"incident"`
	Reason     string     `json:"reason"`
	CreatedAt  time.Time  `json:"createdAt"`
	CreatedBy  string     `json:"createdBy"`
	ReleasedAt *time.Time `json:"releasedAt"` // null while it stands
	ReleasedBy string     `json:"releasedBy"`

	ReleaseReason string `json:"releaseReason"`
}

// HoldList answers GET /api/v1/holds.
type HoldList struct {
	Items []Hold `json:"items"`
}

// Deletion is one line of the record of deletions.
type Deletion struct {
	At          time.Time  `json:"at"`
	Table       string     `json:"table"` // empty for work on the file
	Rows        int64      `json:"rows"`
	Held        int64      `json:"held"` // due, but under legal hold
	Before      *time.Time `json:"before"`
	Reason      string     `json:"reason"`
	BytesBefore int64      `json:"bytesBefore"`
	BytesAfter  int64      `json:"bytesAfter"`
}

// DeletionList answers GET /api/v1/retention/runs.
type DeletionList struct {
	Items []Deletion `json:"items"`
}

// TableStock is what is there of one table, and how long it stays.
type TableStock struct {
	Name         string     `json:"name"`
	Rows         int64      `json:"rows"`
	Bytes        int64      `json:"bytes"`  // in the store's file; what came in the last minutes may lie in its log
	Oldest       *time.Time `json:"oldest"` // event time
	Newest       *time.Time `json:"newest"`
	ReceivedAt   *time.Time `json:"receivedAt"`   // of the row received first, which goes first
	KeepDays     float64    `json:"keepDays"`     // from its receipt on; 0 is for ever
	DeclaredDays float64    `json:"declaredDays"` // what the table's file says; differs when --retention says otherwise
	MaxBytes     int64      `json:"maxBytes"`     // 0 for no bound
	IsUndeclared bool       `json:"isUndeclared"` // no file declares it any more: it is kept
}

// Stock answers GET /api/v1/retention/tables.
type Stock struct {
	Tables     []TableStock `json:"tables"`
	FileBytes  int64        `json:"fileBytes"`  // of the store's file and its log
	SpareBytes int64        `json:"spareBytes"` // of the file, free for new rows
	MaxBytes   int64        `json:"maxBytes"`   // bound of all tables together; 0 for none
	DiskFree   int64        `json:"diskFree"`   // bytes; -1 when the system does not say
	MinFree    int64        `json:"minFree"`    // with less free nothing is taken in
	Stopped    string       `json:"stopped"`    // why nothing is taken in just now; empty while it is
	MeasuredAt time.Time    `json:"measuredAt"` // half a minute ago at most
}

// IngestResult answers POST /api/v1/ingest and /api/v1/ingest/{table}, after
// the commit.
type IngestResult struct {
	Received     int `json:"received"`
	Stored       int `json:"stored"`
	Duplicates   int `json:"duplicates"`
	DeadLettered int `json:"deadLettered"`
	Alerts       int `json:"alerts"`
}

// Change is one message of GET /api/v1/stream (server-sent events): something
// a page may be showing is no longer what it was.
type Change struct {
	Kind     string            `json:"kind"` // incident, alert; reload when messages were left out: read everything anew
	Incident tocsin.IncidentID `json:"incidentId,omitempty"`
	Alert    tocsin.AlertID    `json:"alertId,omitempty"`
	Version  int               `json:"version,omitempty"`
	At       time.Time         `json:"at"`
}
