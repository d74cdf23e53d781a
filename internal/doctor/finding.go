package doctor

import (
	"fmt"
	"slices"
)

// Severity says how bad a finding is.
type Severity string

// The severities, the worst first.
const (
	Fault  Severity = "fault"  // enrollment does not work, or not for everybody
	Advice Severity = "advice" // it works; this would be better
	Unseen Severity = "unseen" // could not be checked
	OK     Severity = "ok"
)

// rank orders severities for people: the worst first.
func (s Severity) rank() int { return slices.Index([]Severity{Fault, Advice, Unseen, OK}, s) }

// Finding is one thing that was examined. It holds no secret.
type Finding struct {
	ID       string   `json:"id"` // as docs/doctor.md lists them; one id occurs once in a report
	Severity Severity `json:"severity"`
	What     string   `json:"what"`
	Mend     string   `json:"mend,omitempty"`    // a thing to do
	Command  string   `json:"command,omitempty"` // that does it with the AWS CLI
}

// Report is the outcome of an examination.
type Report struct {
	UserPoolID string    `json:"pool"`
	ClientID   string    `json:"client"`
	Region     string    `json:"region"`
	Demo       bool      `json:"demo"`
	Findings   []Finding `json:"findings"` // in the order of the examination
}

// Count is how many findings have a severity.
func (r Report) Count(severity Severity) int {
	count := 0
	for _, f := range r.Findings {
		if f.Severity == severity {
			count++
		}
	}
	return count
}

// Verdict is the worst severity; what could not be checked counts as sound.
func (r Report) Verdict() Severity {
	switch {
	case r.Count(Fault) > 0:
		return Fault
	case r.Count(Advice) > 0:
		return Advice
	}
	return OK
}

// WorstFirst is the findings as a person wants to read them.
func (r Report) WorstFirst() []Finding {
	return slices.SortedStableFunc(slices.Values(r.Findings), func(a, b Finding) int {
		return a.Severity.rank() - b.Severity.rank()
	})
}

func (e *examination) ok(id, format string, args ...any) {
	e.findings = append(e.findings, Finding{ID: id, Severity: OK, What: fmt.Sprintf(format, args...)})
}

func (e *examination) unseen(id, what, mend string) {
	e.findings = append(e.findings, Finding{ID: id, Severity: Unseen, What: what, Mend: mend})
}

func (e *examination) found(severity Severity, id, what, mend, command string) {
	if e.Demo {
		command = "" // there is no such pool in AWS
	}
	e.findings = append(e.findings, Finding{ID: id, Severity: severity, What: what, Mend: mend, Command: command})
}

func (e *examination) has(id string) bool {
	return slices.ContainsFunc(e.findings, func(f Finding) bool { return f.ID == id })
}
