package userpool

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ControlPath is where Control belongs.
const ControlPath = "/_control/"

// Control is the service's control interface over HTTP, for tests in other languages. It can do everything to the
// service, without credentials: never serve it where others can reach it. A request that a web page could have sent is
// refused.
//
//	GET    /_control/clock                          what time it is
//	POST   /_control/clock     {"advance":"90s"}    move the clock
//	POST   /_control/users     [{"username":…}, …]  seed users, as User
//	GET    /_control/messages/{username}            the newest text sent to a user
//	GET    /_control/requests                       the calls so far
//	DELETE /_control/requests                       forget them
//	POST   /_control/faults    {"operation":…, "kind":…, "delay":"2s", …}  a Fault for the next calls
//	DELETE /_control/faults                         forget those that have not struck
//	PUT    /_control/switches  {…}                  as Switches
//	PUT    /_control/sizes     {"session":2048, "tokenGroups":60}
//	PUT    /_control/quotas    {"UserUpdate":25, …} requests per second; they count while the switch quotas is on
//	PUT    /_control/custom    [{"parameters":{…}, "answer":…}, …]  the script of CUSTOM_AUTH
func (p *Pool) Control() http.Handler {
	mux := http.NewServeMux()
	route := func(pattern string, do func(r *http.Request) (any, error)) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+ControlPath+path, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
			answerControl(w, r, do)
		})
	}
	route("GET clock", func(*http.Request) (any, error) { return object{"now": p.Now()}, nil })
	route("POST clock", p.controlClock)
	route("POST users", p.controlUsers)
	route("GET messages/{username}", func(r *http.Request) (any, error) {
		message, found := p.LastMessage(r.PathValue("username"))
		if !found {
			return nil, errNothing
		}
		return message, nil
	})
	route("GET requests", func(*http.Request) (any, error) { return p.Requests(), nil })
	route("DELETE requests", func(*http.Request) (any, error) { p.ResetRequests(); return nil, nil })
	route("POST faults", p.controlFault)
	route("DELETE faults", func(*http.Request) (any, error) { p.ClearFaults(); return nil, nil })
	route("PUT switches", func(r *http.Request) (any, error) {
		switches, err := decode[Switches](r)
		if err == nil {
			p.SetSwitches(switches)
		}
		return nil, err
	})
	route("PUT sizes", p.controlSizes)
	route("PUT quotas", func(r *http.Request) (any, error) {
		quotas, err := decode[map[string]int](r)
		if err == nil {
			err = p.SetQuotas(quotas)
		}
		return nil, err
	})
	route("PUT custom", func(r *http.Request) (any, error) {
		rounds, err := decode[[]CustomRound](r)
		if err == nil {
			p.SetCustomChallenges(rounds)
		}
		return nil, err
	})
	return mux
}

// maxControlBody is room for ten thousand seeded users.
const maxControlBody = 16 << 20

var errNothing = errors.New("nothing was sent to this user")

func answerControl(w http.ResponseWriter, r *http.Request, do func(*http.Request) (any, error)) {
	// A page in somebody's browser cannot leave these out, and a test has no reason to send them.
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		writeControl(w, http.StatusForbidden, object{"error": "not for browsers"})
		return
	}
	output, err := do(r)
	switch {
	case errors.Is(err, errNothing):
		writeControl(w, http.StatusNotFound, object{"error": err.Error()})
	case err != nil:
		writeControl(w, http.StatusBadRequest, object{"error": err.Error()})
	case output == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		writeControl(w, http.StatusOK, output)
	}
}

func writeControl(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client may have gone
}

// decode reads a body and refuses members that mean nothing, so that a misspelt one is not taken for done.
func decode[T any](r *http.Request) (T, error) {
	var value T
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&value); err != nil {
		return value, fmt.Errorf("body: %w", err)
	}
	return value, nil
}

func (p *Pool) controlClock(r *http.Request) (any, error) {
	body, err := decode[struct {
		Advance duration `json:"advance"`
	}](r)
	if err != nil {
		return nil, err
	}
	p.Advance(time.Duration(body.Advance))
	return object{"now": p.Now()}, nil
}

func (p *Pool) controlUsers(r *http.Request) (any, error) {
	users, err := decode[[]User](r)
	if err != nil {
		return nil, err
	}
	return nil, p.AddUsers(users...)
}

func (p *Pool) controlFault(r *http.Request) (any, error) {
	body, err := decode[struct {
		Operation string    `json:"operation"`
		Kind      FaultKind `json:"kind"`
		Exception string    `json:"exception"`
		Message   string    `json:"message"`
		Status    int       `json:"status"`
		Delay     duration  `json:"delay"`
		Skew      duration  `json:"skew"`
		Times     int       `json:"times"`
	}](r)
	if err != nil {
		return nil, err
	}
	if _, known := operations[body.Operation]; !known {
		return nil, fmt.Errorf("operation %q is unknown", body.Operation)
	}
	if !body.Kind.known() {
		return nil, fmt.Errorf("fault %q is unknown", body.Kind)
	}
	p.FailNext(body.Operation, Fault{
		Kind: body.Kind, Exception: body.Exception, Message: body.Message, Status: body.Status,
		Delay: time.Duration(body.Delay), Skew: time.Duration(body.Skew), Times: body.Times,
	})
	return nil, nil
}

func (p *Pool) controlSizes(r *http.Request) (any, error) {
	body, err := decode[struct {
		Session     int  `json:"session"`
		TokenGroups *int `json:"tokenGroups"`
	}](r)
	if err != nil {
		return nil, err
	}
	if body.TokenGroups != nil {
		p.SetTokenGroups(*body.TokenGroups)
	}
	if body.Session != 0 {
		return nil, p.SetSessionLength(body.Session)
	}
	return nil, nil
}

// duration is a time.Duration written as text, "90s".
type duration time.Duration

// UnmarshalText reads it.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}
