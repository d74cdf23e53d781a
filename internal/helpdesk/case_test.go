package helpdesk_test

import (
	"strings"
	"testing"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/userpool"
)

func TestFind(t *testing.T) {
	w := open(t, userpool.Options{AliasAttributes: []string{"preferred_username"}}, "sqlite::memory:", nil)
	grace := w.agent("grace")
	sub := w.addUser(userpool.User{Username: "ada", Password: password, Attributes: map[string]string{
		"email": "ada@example.test", "email_verified": "true", "phone_number": "+15550123", "name": `Ada "the\ first" Lovelace`,
	}})
	w.addUser(userpool.User{Username: `quote"d@example`, Password: password, Attributes: map[string]string{"email": "ADA@example.test"}})
	for text, want := range map[string]string{
		"ada": "ada", " ada ": "ada", "+15550123": "ada", sub: "ada", `Ada "the\`: "ada", "Ada": "ada",
		"ada@example.test": `ada quote"d@example`, `quote"d@example`: `quote"d@example`,
		`" or name = "`: "", `x" or username ^= "`: "", "+15550124": "", "nobody": "", "nobody@example.test": "",
		"00000000-0000-0000-0000-000000000000": "", `\`: "", `"`: "",
	} {
		found, err := w.desk.Find(w.ctx, grace, text)
		var names []string
		for _, a := range found {
			names = append(names, a.Username)
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	for _, bad := range []string{"", " ", "a\x00b", "a\nb", strings.Repeat("x", 129)} {
		_, err := w.desk.Find(w.ctx, grace, bad)
		w.kind(err, helpdesk.BadInput)
	}
	// The longest that is looked for fits into the filter although every character is escaped.
	if _, err := w.desk.Find(w.ctx, grace, strings.Repeat(`"`, 115)+"@"); err != nil {
		t.Errorf("a long one: %v", err)
	}
}

func TestCase(t *testing.T) {
	w := inMemory(t, nil)
	sub := w.add("carol", "finance")
	w.addUser(userpool.User{Username: "Google_1", State: userpool.StateExternal})
	c, err := w.desk.Case(w.ctx, w.agent("grace"), sub)
	w.ok(err)
	if c.Account.Username != "carol" || !c.Privileged || c.App != helpdesk.AppNotListed || !c.LastSignIn.IsZero() ||
		c.May[helpdesk.OpMint] != nil || c.May[helpdesk.OpAuditExport] == nil || len(c.Groups) != 1 {
		t.Errorf("got %+v", c)
	}
	w.setUp("carol")
	if c, err = w.desk.Case(w.ctx, w.agent("grace"), "carol"); err != nil || c.App != helpdesk.AppRecorded || len(c.Ledger) != 1 {
		t.Errorf("got %+v, %v, want an app that the pool does not list and the ledger knows", c, err)
	}
	if c, err = w.desk.Case(w.ctx, w.agent("grace"), w.sub("Google_1")); err != nil || c.App != helpdesk.AppElsewhere {
		t.Errorf("got %+v, %v", c, err)
	}
	if c, err = w.desk.Case(w.ctx, w.agent("grace"), "grace"); err != nil || c.May[helpdesk.OpMint] == nil {
		t.Errorf("got %+v, %v, want no link for himself", c, err)
	}
	_, err = w.desk.Case(w.ctx, w.agent("grace"), "nobody")
	w.kind(err, helpdesk.NoSuchAccount)
}
