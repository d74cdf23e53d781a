package i18n_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/i18n"
)

func printer(t *testing.T) *i18n.Printer {
	t.Helper()
	all, err := i18n.New()
	if err != nil {
		t.Fatal(err)
	}
	return all.Match("en")
}

func TestTexts(t *testing.T) {
	p := printer(t)
	for got, want := range map[string]string{
		p.T("problem.request", "id", "AB12"):     "Number for the service desk: AB12",
		p.N("setup.minutes", 1):                  "1 minute",
		p.N("setup.minutes", 4):                  "4 minutes",
		p.T("no.such.key"):                       "no.such.key",
		p.T("done.account", "account", "unused"): "Account",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// What somebody typed is never taken for a mark.
func TestMarksInValuesAreText(t *testing.T) {
	rich := printer(t).Rich("signin.notice.dead_entry", 0, "entry", "a **b** {time}", "time", "09:30")
	for _, run := range rich {
		if run.Bold && run.Text == "a **b** {time}" {
			return
		}
	}
	t.Errorf("runs %+v, want one with the entry as it is", rich)
}

var literalKey = regexp.MustCompile(`"((?:layout|languages|link|notme|demo|prepare|signin|newpassword|choose|challenge|method|review|setup|code|finish|done|forgot|handoff|mail|swap|continue|reset|confirm|attribute|problem|line)(?:\.[a-z0-9_-]+)+)"`)

// Every key that the code names has a text, and every text is named by the code. Those of the help desk have a test of
// their own.
func TestKeysAndTextsFitTogether(t *testing.T) {
	p := printer(t)
	used := map[string]bool{}
	for _, dir := range []string{"../../web", "../../views", "../mail"} {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "_templ.go") || (filepath.Ext(file) != ".go" && filepath.Ext(file) != ".templ") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range literalKey.FindAllStringSubmatch(string(source), -1) {
				used[match[1]] = true
			}
		}
	}
	for _, kind := range enroll.Kinds() {
		used["problem."+kind.String()+".title"], used["problem."+kind.String()+".body"] = true, true
	}
	for verdict := enroll.NoMatch; verdict <= enroll.PoolRefused; verdict++ {
		used["code.error."+verdict.String()] = true
	}
	for _, rule := range []enroll.PasswordRule{enroll.RuleLength, enroll.RuleUpper, enroll.RuleLower, enroll.RuleNumber, enroll.RuleSymbol, enroll.RuleNoSpace} {
		used["newpassword.rule."+rule.String()] = true
	}
	for _, kind := range []enroll.Kind{enroll.WeakPassword, enroll.PasswordReused, enroll.PasswordsDiffer, enroll.MissingAttribute} {
		used["newpassword.error."+kind.String()] = true
	}
	for _, method := range enroll.Methods() {
		for _, prefix := range []string{"challenge.title.", "challenge.lead.", "challenge.code.", "choose.", "method."} {
			used[prefix+method.String()] = true
		}
	}
	for _, key := range p.Keys() { // Cognito's standard attributes, whichever the pool asks for
		if strings.HasPrefix(key, "attribute.") {
			used[key] = true
		}
	}
	for _, status := range []string{"400", "403", "404", "405", "413", "415"} {
		used["problem.http."+status+".title"], used["problem.http."+status+".body"] = true, true
	}
	for _, name := range []string{"expired", "sign_in_again", "dead_entry", "unsure", "verified", "fresh", "password_set", "confirmed", "signed_out", "ended", "replace", "moved", "link", "password_unsure"} {
		used["signin.notice."+name] = true
	}
	for _, state := range []string{"new", "temporary-password", "enrolled", "agent"} {
		used["demo.state."+state] = true
	}
	used["review.notice.removed"], used["review.notice.preferred"] = true, true
	for _, key := range []string{"handoff", "oauth", "maintenance", "not_me"} {
		used["problem."+key+".title"], used["problem."+key+".body"] = true, true
	}
	used["problem.cookie.title"], used["problem.cookie.body"] = true, true

	keys := p.Keys()
	slices.Sort(keys)
	for _, key := range keys {
		if !used[key] && !strings.HasPrefix(key, "desk.") {
			t.Errorf("nobody says %q", key)
		}
	}
	for key := range used {
		if !p.Has(key) {
			t.Errorf("no text for %q", key)
		}
	}
}
