package userpool

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// FaultKind says what goes wrong.
type FaultKind string

// The faults that FailNext can inject. Those marked (effect) let the operation happen first.
const (
	FaultException        FaultKind = "exception"         // the exception that Exception and Message name, at once
	FaultInternal         FaultKind = "internal"          // 500 InternalErrorException
	FaultHTML             FaultKind = "html"              // 500 with an HTML page, as a broken gateway sends it
	FaultWAF              FaultKind = "waf"               // 403 ForbiddenException in JSON
	FaultWAFHTML          FaultKind = "waf-html"          // 403 with an HTML page, as a WAF's own page
	FaultDelay            FaultKind = "delay"             // nothing but Delay
	FaultCutBefore        FaultKind = "cut-before"        // the connection breaks before anything happens
	FaultCutAfter         FaultKind = "cut-after"         // (effect) the connection breaks before the answer
	FaultMalformed        FaultKind = "malformed"         // (effect) the answer's body is cut in half
	FaultStatusError      FaultKind = "status-error"      // (effect) VerifySoftwareToken: Status "ERROR"
	FaultStatusEmpty      FaultKind = "status-empty"      // (effect) VerifySoftwareToken: no Status
	FaultUnknownChallenge FaultKind = "unknown-challenge" // (effect) the answer's challenge has a name nobody knows
	FaultExtraChallenge   FaultKind = "extra-challenge"   // (effect) MFA_SETUP is followed by SOFTWARE_TOKEN_MFA
	FaultDate             FaultKind = "date"              // (effect) the Date header is off by Skew
)

var faultKinds = []FaultKind{
	FaultException, FaultInternal, FaultHTML, FaultWAF, FaultWAFHTML, FaultDelay, FaultCutBefore, FaultCutAfter, FaultMalformed,
	FaultStatusError, FaultStatusEmpty, FaultUnknownChallenge, FaultExtraChallenge, FaultDate,
}

func (k FaultKind) known() bool { return slices.Contains(faultKinds, k) }

// Fault is one injected fault.
type Fault struct {
	Kind      FaultKind     `json:"kind"`
	Exception string        `json:"exception,omitempty"` // with FaultException: "TooManyRequestsException"
	Message   string        `json:"message,omitempty"`
	Status    int           `json:"status,omitempty"` // of the exception; default what the service sends
	Delay     time.Duration `json:"delay,omitempty"`  // waits first, with every kind; ends with the request
	Skew      time.Duration `json:"skew,omitempty"`   // of FaultDate
	Times     int           `json:"times,omitempty"`  // how many calls it hits; 0 means one
}

// FailNext makes the next call, or the next fault.Times calls, of an operation fail. Faults queue up.
func (p *Pool) FailNext(operation string, fault Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[operation] = append(p.faults[operation], fault)
}

// ClearFaults forgets the faults that have not struck yet.
func (p *Pool) ClearFaults() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.faults)
}

// takeFaults takes the fault whose turn it is. It answers a slice because none is the usual case.
func (p *Pool) takeFaults(operation string) []Fault {
	waiting := p.faults[operation]
	if len(waiting) == 0 {
		return nil
	}
	fault := waiting[0]
	if fault.Times > 1 {
		waiting[0].Times--
	} else {
		p.faults[operation] = waiting[1:]
	}
	return []Fault{fault}
}

// before does what happens before the operation: waiting, and the refusals that have no effect.
func before(ctx context.Context, faults []Fault) error {
	for _, fault := range faults {
		if fault.Delay > 0 {
			timer := time.NewTimer(fault.Delay)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
				panic(http.ErrAbortHandler)
			}
		}
		switch fault.Kind {
		case FaultCutBefore:
			panic(http.ErrAbortHandler)
		case FaultException:
			return &exception{name: fault.Exception, message: fault.Message, status: fault.status()}
		case FaultInternal:
			return internalError("Internal error")
		case FaultWAF:
			return &exception{
				name: "ForbiddenException", message: "Request not allowed due to WAF block.", status: http.StatusForbidden,
			}
		case FaultHTML, FaultWAFHTML:
			return &exception{name: "ForbiddenException", status: http.StatusForbidden} // spoil replaces it
		case FaultDelay, FaultCutAfter, FaultMalformed, FaultStatusError, FaultStatusEmpty, FaultUnknownChallenge,
			FaultExtraChallenge, FaultDate:
		}
	}
	return nil
}

func (fault Fault) status() int {
	switch {
	case fault.Status != 0:
		return fault.Status
	case fault.Exception == "InternalErrorException":
		return http.StatusInternalServerError
	case fault.Exception == "ForbiddenException":
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

// spoil does what happens to a finished answer. It may change the output in place; a body that it returns replaces
// the output.
func spoil(faults []Fault, header http.Header, output object, status int) ([]byte, int) {
	for _, fault := range faults {
		switch fault.Kind {
		case FaultCutAfter:
			panic(http.ErrAbortHandler)
		case FaultMalformed:
			body := encode(output)
			return body[:len(body)/2], status
		case FaultHTML:
			return page(header, http.StatusInternalServerError)
		case FaultWAFHTML:
			return page(header, http.StatusForbidden)
		case FaultStatusError:
			if _, ok := output["Status"]; ok {
				output["Status"] = "ERROR"
			}
		case FaultStatusEmpty:
			delete(output, "Status")
		case FaultUnknownChallenge:
			if _, ok := output["ChallengeName"]; ok {
				output["ChallengeName"] = "RIDDLE_OF_THE_SPHINX"
			}
		case FaultException, FaultInternal, FaultWAF, FaultDelay, FaultCutBefore, FaultExtraChallenge, FaultDate:
		}
	}
	return nil, status
}

// page is an answer of something that stands in front of the service and does not speak its protocol.
func page(header http.Header, status int) ([]byte, int) {
	header.Del("x-amzn-ErrorType")
	header.Del("x-amzn-ErrorMessage")
	header.Set("Content-Type", "text/html")
	title := http.StatusText(status)
	return []byte("<!DOCTYPE html>\n<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"), status
}

func skewed(faults []Fault, now time.Time) time.Time {
	for _, fault := range faults {
		if fault.Kind == FaultDate {
			return now.Add(fault.Skew)
		}
	}
	return now
}

// hasFault reports a fault that the operation itself must honour.
func (c *call) hasFault(kind FaultKind) bool {
	for _, fault := range c.faults {
		if fault.Kind == kind {
			return true
		}
	}
	return false
}
