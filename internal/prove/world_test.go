package prove_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/totp"
)

// AssertWorld checks the invariants in pool, ledger and store together, for everybody who took part in a run:
//
//	I1 nobody is locked out: the app that he was told works, or signing in leads to a set-up again
//	I2 nobody is half-enrolled: whoever was told "done" has an app, and the record follows the pool
//	I3 nobody scanned a second time
//	I4 nothing typed is lost (what the person saw), and no code was sent to the pool twice by us
//	I5 one submit, one effect: one set-up in the record for each person
//	I6 no failure but with our own page (what the person saw)
//	I7 no secret outside its place: sweep
//
// It holds after every attack and every fault. The clock of the pool is moved, so that every app shows a fresh code.
func AssertWorld(t testing.TB, c *cluster, people []*person) {
	t.Helper()
	c.control("POST", "clock", map[string]string{"advance": "10m"})
	var now struct {
		Now time.Time `json:"now"`
	}
	c.decode(c.control("GET", "clock", nil), &now)
	memory := c.openStore()
	defer memory.Close()
	problems := map[string][]string{}
	note := func(p *person, format string, args ...any) {
		what := fmt.Sprintf(format, args...)
		kind, _, _ := strings.Cut(what, ":")
		problems[kind] = append(problems[kind], p.name+": "+what+"\n\t"+strings.Join(p.way, "\n\t"))
	}
	for _, p := range people {
		for _, what := range p.broken {
			note(p, "%s", what)
		}
		works, again, why := c.standing(p, now.Now)
		if !works && !again {
			note(p, "I1: locked out: %s", why)
		}
		if p.finished() && !works {
			note(p, "I2: was told that all is done, and the app does not work: %s", why)
		}
		if len(p.keys) > 1 {
			note(p, "I3: %d keys were shown", len(p.keys))
		}
		entries, err := memory.Ledger(t.Context(), store.LedgerPage{Pool: c.info.UserPoolID, Account: p.name, Limit: 10})
		c.must(err)
		setUps := 0
		for _, e := range entries {
			if e.Event == helpdesk.EventSetUp {
				setUps++
			}
		}
		if len(entries) > 0 && !works && entries[0].Event == helpdesk.EventSetUp {
			note(p, "I2: the record says that an app is set up: the pool has none")
		}
		if p.done && len(entries) == 0 {
			note(p, "I2: done, and not recorded")
		}
		if setUps > 1 {
			note(p, "I5: set up %d times in the record", setUps)
		}
	}
	c.sweep()
	for _, kind := range slices.Sorted(maps.Keys(problems)) {
		t.Errorf("%d times: %s", len(problems[kind]), strings.Join(problems[kind][:min(3, len(problems[kind]))], "\n"))
	}
}

func (c *cluster) openStore() *store.Store {
	c.Helper()
	memory, err := store.Open(c.Context(), c.store, store.Options{Now: time.Now, ReadTimeout: time.Minute, WriteTimeout: time.Minute})
	c.must(err)
	return memory
}

// standing asks the pool itself: whether the app on the person's phone lets him in, and whether signing in would lead
// him to a set-up again.
func (c *cluster) standing(p *person, now time.Time) (works, again bool, why string) {
	c.Helper()
	out, exception, err := c.call(c.Context(), "InitiateAuth", map[string]any{
		"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": c.info.ClientID, "AuthParameters": map[string]string{"USERNAME": p.name, "PASSWORD": password},
	})
	c.must(err)
	switch challenge, _ := out["ChallengeName"].(string); {
	case exception != "":
		return false, false, exception
	case challenge == "MFA_SETUP", challenge == "":
		return false, true, "no app"
	case challenge != "SOFTWARE_TOKEN_MFA":
		return false, false, challenge
	}
	for _, key := range slices.Backward(p.keys) {
		raw, err := totp.Decode(key.text)
		c.must(err)
		_, exception, err = c.call(c.Context(), "RespondToAuthChallenge", map[string]any{
			"ChallengeName": "SOFTWARE_TOKEN_MFA", "ClientId": c.info.ClientID, "Session": out["Session"],
			"ChallengeResponses": map[string]string{"USERNAME": p.name, "SOFTWARE_TOKEN_MFA_CODE": totp.Code(raw, totp.Step(now))},
		})
		c.must(err)
		if exception == "" {
			return true, false, ""
		}
	}
	return false, false, "the app's code is refused: " + exception
}
