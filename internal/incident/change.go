package incident

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin"
)

func (c Assign) run(s *session) (tocsin.IncidentID, error) {
	return Change{Actor: c.Actor, Incident: c.Incident, Version: c.Version, Owner: &c.Owner}.run(s)
}

func (c SetStatus) run(s *session) (tocsin.IncidentID, error) {
	if c.Status != tocsin.IncidentNew && c.Status != tocsin.IncidentActive {
		return 0, tocsin.Errorf(tocsin.Invalid, "The status can be set to new or active, not %q. To close an incident, classify it.", c.Status)
	}
	st, err := s.expect(c.Incident, c.Version, c.Actor)
	if err != nil {
		return 0, err
	}
	return c.Incident, s.setOpenStatus(st, c.Actor, c.Status)
}

func (c SetSeverity) run(s *session) (tocsin.IncidentID, error) {
	return Change{Actor: c.Actor, Incident: c.Incident, Version: c.Version, Severity: &c.Severity}.run(s)
}

func (c Rename) run(s *session) (tocsin.IncidentID, error) {
	return Change{Actor: c.Actor, Incident: c.Incident, Version: c.Version, Title: &c.Title}.run(s)
}

func (c Retag) run(s *session) (tocsin.IncidentID, error) {
	st, err := s.expect(c.Incident, c.Version, c.Actor)
	if err != nil {
		return 0, err
	}
	want := slices.DeleteFunc(slices.Clone(st.Incident.Tags), func(t string) bool {
		return slices.ContainsFunc(c.Drop, func(d string) bool { return strings.EqualFold(strings.TrimSpace(d), t) })
	})
	return c.Incident, s.setTags(st, c.Actor, append(want, c.Add...))
}

func (c Classify) run(s *session) (tocsin.IncidentID, error) {
	return Change{Actor: c.Actor, Incident: c.Incident, Version: c.Version, Classification: &c.Classification, Determination: &c.Determination}.run(s)
}

func (c Comment) run(s *session) (tocsin.IncidentID, error) {
	if err := checkActor(c.Actor); err != nil {
		return 0, err
	}
	st, err := s.state(c.Incident)
	if err != nil {
		return 0, err
	}
	text, err := checkText(c.Text)
	if err != nil {
		return 0, err
	}
	if text == "" {
		return 0, tocsin.Errorf(tocsin.Invalid, "The comment is empty. Write something.")
	}
	if st.Incident.Comments >= MaxComments {
		return 0, tocsin.Errorf(tocsin.Conflict, "Incident %d has %d comments, which is the most.", c.Incident, MaxComments)
	}
	s.emit(c.Incident, c.Actor, Commented, Body{Text: text})
	return c.Incident, nil
}

func (c Close) run(s *session) (tocsin.IncidentID, error) {
	closed := tocsin.IncidentClosed
	change := Change{Actor: c.Actor, Incident: c.Incident, Version: c.Version, Status: &closed, Comment: &c.Comment}
	if c.Classification != tocsin.Unclassified {
		change.Classification, change.Determination = &c.Classification, &c.Determination
	} else if c.Determination != "" {
		change.Determination = &c.Determination
	}
	return change.run(s)
}

func (c Reopen) run(s *session) (tocsin.IncidentID, error) {
	st, err := s.expect(c.Incident, c.Version, c.Actor)
	if err != nil {
		return 0, err
	}
	if st.Incident.Status != tocsin.IncidentClosed {
		return 0, tocsin.Errorf(tocsin.Conflict, "Incident %d is not closed.", c.Incident)
	}
	text, err := checkText(c.Text)
	if err != nil {
		return 0, err
	}
	if err := s.reopen(st, c.Actor, "", text); err != nil {
		return 0, err
	}
	return c.Incident, s.attach(st, c.Actor, c.Alerts, "")
}

// run makes the parts of a change in a fixed order: what describes the
// incident, who has it, then where it stands, so that one request can take,
// rate, classify and close.
func (c Change) run(s *session) (tocsin.IncidentID, error) {
	st, err := s.expect(c.Incident, c.Version, c.Actor)
	if err != nil {
		return 0, err
	}
	if st.Incident.Status == tocsin.IncidentRedirected {
		return 0, tocsin.Errorf(tocsin.Conflict, "Incident %d was merged into incident %d. Change that one.", c.Incident, st.Incident.MergedInto)
	}
	if c.Title != nil {
		if err := s.rename(st, c.Actor, *c.Title); err != nil {
			return 0, err
		}
	}
	if c.Tags != nil {
		if err := s.setTags(st, c.Actor, *c.Tags); err != nil {
			return 0, err
		}
	}
	if c.Severity != nil {
		if err := s.rate(st, c.Actor, *c.Severity); err != nil {
			return 0, err
		}
	}
	if err := s.changeState(st, &c); err != nil {
		return 0, err
	}
	return c.Incident, nil
}

// changeState makes the parts of a change that say who has the incident and
// where it stands.
func (s *session) changeState(st *State, c *Change) error {
	comment := ""
	if c.Comment != nil {
		var err error
		if comment, err = checkText(*c.Comment); err != nil {
			return err
		}
	}
	wasClosed := st.Incident.Status == tocsin.IncidentClosed
	toClosed := c.Status != nil && *c.Status == tocsin.IncidentClosed
	if c.Status != nil && wasClosed && !toClosed {
		if err := s.reopen(st, c.Actor, *c.Status, ""); err != nil {
			return err
		}
	}
	if c.Owner != nil {
		if err := s.assign(st, c.Actor, *c.Owner); err != nil {
			return err
		}
	}
	class, det, err := verdict(&st.Incident, c.Classification, c.Determination)
	if err != nil {
		return err
	}
	if toClosed && !wasClosed {
		return s.close(st, c.Actor, class, det, comment)
	}
	if class != st.Incident.Classification || det != st.Incident.Determination {
		if wasClosed && class == tocsin.Unclassified && st.Incident.Status == tocsin.IncidentClosed {
			return tocsin.Errorf(tocsin.Invalid, "A closed incident needs a classification.")
		}
		s.emit(st.Incident.ID, c.Actor, Classified, Body{Classification: class, Determination: det, From: string(st.Incident.Classification)})
	}
	if c.Status != nil && !toClosed && *c.Status != st.Incident.Status {
		if err := s.setOpenStatus(st, c.Actor, *c.Status); err != nil {
			return err
		}
	}
	if comment != "" {
		_, err := Comment{Actor: c.Actor, Incident: st.Incident.ID, Text: comment}.run(s)
		return err
	}
	return nil
}

// verdict returns the classification and determination after a change of either.
func verdict(inc *tocsin.Incident, class *tocsin.Classification, det *tocsin.Determination) (tocsin.Classification, tocsin.Determination, error) {
	c, d := inc.Classification, inc.Determination
	if class != nil {
		c = *class
		if _, ok := tocsin.Determinations(c); !ok && c != tocsin.Unclassified {
			return "", "", tocsin.Errorf(tocsin.Invalid, "There is no classification %q. Use truePositive, benignPositive, falsePositive or undetermined.", c)
		}
		if !d.Fits(c) {
			d = ""
		}
	}
	if det != nil {
		d = *det
	}
	if !d.Fits(c) {
		return "", "", tocsin.Errorf(tocsin.Invalid, "The determination %q does not fit the classification %q. Choose another one.", d, c)
	}
	return c, d, nil
}

// close closes an open incident and resolves its alerts.
func (s *session) close(st *State, actor tocsin.Actor, class tocsin.Classification, det tocsin.Determination, comment string) error {
	if class == tocsin.Unclassified {
		return tocsin.Errorf(tocsin.Invalid, "Incident %d cannot be closed without a classification. Say whether it was a true positive, a benign positive or a false positive, or that it stays undetermined.", st.Incident.ID)
	}
	s.emit(st.Incident.ID, actor, Closed, Body{From: string(st.Incident.Status), Classification: class, Determination: det, Text: comment})
	return s.setStatus(st, tocsin.AlertResolved, tocsin.AlertNew, tocsin.AlertInProgress)
}

// reopen opens a closed incident. status may be empty, new or active.
func (s *session) reopen(st *State, actor tocsin.Actor, status tocsin.IncidentStatus, text string) error {
	alerts := tocsin.AlertNew
	if st.Incident.Owner != "" {
		alerts = tocsin.AlertInProgress
	}
	switch {
	case status == "" && st.Incident.Owner == "":
		status = tocsin.IncidentNew
	case status == "":
		status = tocsin.IncidentActive
	case status != tocsin.IncidentNew && status != tocsin.IncidentActive:
		return tocsin.Errorf(tocsin.Invalid, "An incident can be reopened as new or active, not as %q.", status)
	}
	s.emit(st.Incident.ID, actor, Reopened, Body{To: string(status), Text: text})
	return s.setStatus(st, alerts, tocsin.AlertResolved)
}

// setOpenStatus moves an open incident between new and active.
func (s *session) setOpenStatus(st *State, actor tocsin.Actor, status tocsin.IncidentStatus) error {
	if err := mustBeOpen(st, "its status can be changed"); err != nil {
		return err
	}
	if status != tocsin.IncidentNew && status != tocsin.IncidentActive {
		return tocsin.Errorf(tocsin.Invalid, "No incident can be given the status %q. Use new, active or closed.", status)
	}
	if status != st.Incident.Status {
		s.emit(st.Incident.ID, actor, StatusChanged, Body{From: string(st.Incident.Status), To: string(status)})
	}
	return nil
}

// assign gives an incident an owner; its new alerts are then in progress.
func (s *session) assign(st *State, actor tocsin.Actor, owner string) error {
	owner, err := checkOwner(owner)
	if err != nil || owner == st.Incident.Owner {
		return err
	}
	s.emit(st.Incident.ID, actor, Assigned, Body{From: st.Incident.Owner, To: owner})
	if owner == "" {
		return nil
	}
	return s.setStatus(st, tocsin.AlertInProgress, tocsin.AlertNew)
}

// rename chooses the title.
func (s *session) rename(st *State, actor tocsin.Actor, title string) error {
	title, err := checkTitle(title)
	if err != nil || title == st.Incident.Title {
		return err
	}
	s.emit(st.Incident.ID, actor, Renamed, Body{From: st.Incident.Title, To: title})
	s.files[st.Incident.ID].stale = true
	return nil
}

// rate chooses the severity.
func (s *session) rate(st *State, actor tocsin.Actor, severity tocsin.Severity) error {
	if severity.Rank() == 0 {
		return badSeverity(severity)
	}
	if severity != st.Incident.Severity {
		s.emit(st.Incident.ID, actor, SeverityChanged, Body{From: string(st.Incident.Severity), To: string(severity)})
	}
	return nil
}

// setTags makes the tags of an incident those wanted.
func (s *session) setTags(st *State, actor tocsin.Actor, want []string) error {
	want, err := checkTags(st.Incident.Tags, want)
	if err != nil {
		return err
	}
	add, drop := missingFrom(st.Incident.Tags, want), missingFrom(want, st.Incident.Tags)
	if len(add)+len(drop) > 0 {
		s.emit(st.Incident.ID, actor, Tagged, Body{AddTags: add, DropTags: drop})
	}
	return nil
}

// MaxComments is how many comments one incident takes.
const MaxComments = 10_000

// mustBeOpen refuses what only an open incident allows.
func mustBeOpen(st *State, what string) error {
	switch st.Incident.Status {
	case tocsin.IncidentClosed:
		return tocsin.Errorf(tocsin.Conflict, "Incident %d is closed. Reopen it before %s.", st.Incident.ID, what)
	case tocsin.IncidentRedirected:
		return tocsin.Errorf(tocsin.Conflict, "Incident %d was merged into incident %d. Work on that one.", st.Incident.ID, st.Incident.MergedInto)
	}
	return nil
}

// checkTitle returns a title without surrounding blanks.
func checkTitle(title string) (string, error) {
	title = strings.TrimSpace(title)
	switch {
	case title == "":
		return "", tocsin.Errorf(tocsin.Invalid, "An incident needs a title.")
	case len(title) > tocsin.MaxTitleBytes:
		return "", tocsin.Errorf(tocsin.Invalid, "The title is longer than %d bytes. Shorten it.", tocsin.MaxTitleBytes)
	}
	return title, checkLine("title", title)
}

// checkGenerated checks a generated title; one that changes nothing is empty.
func checkGenerated(title string, st *State) (string, error) {
	if title == "" || title == st.Incident.Title || st.OwnTitle {
		return "", nil
	}
	return checkTitle(title)
}

// checkOwner returns a user name without surrounding blanks.
func checkOwner(owner string) (string, error) {
	owner = strings.TrimSpace(owner)
	if len(owner) > maxNameBytes {
		return "", tocsin.Errorf(tocsin.Invalid, "No user name is longer than %d bytes.", maxNameBytes)
	}
	return owner, checkLine("owner", owner)
}

// checkTags cleans the tags an incident shall have. Tags that differ only in
// case are one tag; the way it was written first (have) stays.
func checkTags(have, want []string) ([]string, error) {
	spelling := map[string]string{}
	for _, t := range have {
		spelling[strings.ToLower(t)] = t
	}
	set := map[string]bool{}
	for _, t := range want {
		clean, ok := tocsin.CleanTag(t)
		if !ok {
			return nil, tocsin.Errorf(tocsin.Invalid, "A tag has 1 to %d bytes. Shorten or remove it.", tocsin.MaxTagBytes)
		}
		if err := checkLine("tag", clean); err != nil {
			return nil, err
		}
		low := strings.ToLower(clean)
		if spelling[low] == "" {
			spelling[low] = clean
		}
		set[spelling[low]] = true
	}
	if len(set) > tocsin.MaxTags {
		return nil, tocsin.Errorf(tocsin.Invalid, "An incident has at most %d tags; these are %d.", tocsin.MaxTags, len(set))
	}
	return sortedKeys(set), nil
}

// checkText checks a comment. It may be empty.
func checkText(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case len(text) > tocsin.MaxCommentBytes:
		return "", tocsin.Errorf(tocsin.Invalid, "The comment is longer than %d bytes. Shorten it or split it in two.", tocsin.MaxCommentBytes)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return "", tocsin.Errorf(tocsin.Invalid, "The comment is not readable text.")
	}
	return text, nil
}

// checkLine refuses control characters and broken UTF-8 in what is shown on one line.
func checkLine(what, text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return tocsin.Errorf(tocsin.Invalid, "The %s holds control characters. Remove them.", what)
	}
	return nil
}

// badSeverity is the error for a severity there is not.
func badSeverity(s tocsin.Severity) error {
	return tocsin.Errorf(tocsin.Invalid, "There is no severity %q. Use informational, low, medium or high.", s)
}

// number writes an incident's number.
func number(id tocsin.IncidentID) string { return strconv.FormatInt(int64(id), 10) }
