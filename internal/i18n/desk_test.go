package i18n_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
)

// What the help desk's pages say: a key as it is, or the beginning of one.
var deskKey = regexp.MustCompile(`"(desk\.[a-z_]+(?:\.[a-z_]+)*[._]?)"`)

// Every key that the desk's pages name has a text, and every text is named.
func TestDeskKeysAndTextsFitTogether(t *testing.T) {
	p := printer(t)
	used, begun := deskKeys(t)
	var kinds []string
	for _, kind := range helpdesk.Kinds() {
		kinds = append(kinds, kind.String())
	}
	for prefix, ends := range map[string][]string{
		"desk.problem.":             kinds,
		"desk.problem.not_allowed.": {"default", "rank", "channel", "self", "target_rank"},
		"desk.problem.bad_input.":   {"ticket", "reason", "proof", "lifetime", "language", "purpose", "account", "locator"},
		"desk.link.":                {"live", "opened", "spent", "revoked", "cancelled", "expired", "locked"},
		"desk.step.":                {"made", "opened", "signed_in", "shown", "done", "revoked", "cancelled", "expired", "locked"},
		"desk.verdict.":             verdicts(),
		"desk.event.":               {"set_up", "replaced", "proven", "removed", "reset", "found", "gone"},
		"desk.standing.":            words(helpdesk.Standings()),
		"desk.part.":                append(words(helpdesk.PartNames()), "not_yet", "failed"),
		"desk.result.":              {"made", "kept", "dropped", "nothing", "switched_off", "set_up_since", "signed_out", "forgot", "told"},
		"desk.app.":                 {"listed", "recorded", "not_listed", "elsewhere"},
		"desk.status.":              {"unconfirmed", "confirmed", "force_change_password", "reset_required", "external_provider"},
		"desk.pill.": {
			"app_listed", "app_recorded", "app_not_listed", "app_elsewhere", "sms", "email", "disabled", "frozen", "privileged", "rank_agent", "rank_lead", "rank_admin",
		},
		"desk.nav.":           {"home", "approvals", "coverage", "audit"},
		"desk.approvals.what": {"_mint", "_lost_phone"},
		"desk.signin.error.":  {"wrong_password", "needs_app_code", "wrong_code", "again"},
		"desk.form.":          {"ticket", "reason", "proof", "lifetime", "language", "proof_hint", "waiting"},
	} {
		if !begun[prefix] && !begun[prefix+"_"] && !strings.HasPrefix(prefix, "desk.problem.") {
			t.Errorf("nobody says anything that begins with %q", prefix)
		}
		for _, end := range ends {
			used[prefix+end] = true
		}
	}
	for _, part := range []string{"title_", "lead_", "submit_"} {
		for _, kind := range []string{"mint", "lost_phone", "ask"} {
			used["desk.form."+part+kind] = true
		}
	}
	for _, key := range p.Keys() {
		if strings.HasPrefix(key, "desk.") && !used[key] {
			t.Errorf("nobody says %q", key)
		}
	}
	for key := range used {
		if !p.Has(key) {
			t.Errorf("no text for %q", key)
		}
	}
}

func deskKeys(t *testing.T) (used, begun map[string]bool) {
	t.Helper()
	used, begun = map[string]bool{}, map[string]bool{}
	for _, pattern := range []string{"../../web/*.go", "../../views/*.templ"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range deskKey.FindAllStringSubmatch(string(source), -1) {
				if key := match[1]; strings.HasSuffix(key, ".") || strings.HasSuffix(key, "_") {
					begun[key] = true
				} else if !strings.HasSuffix(key, ".css") {
					used[key] = true
				}
			}
		}
	}
	return used, begun
}

func verdicts() []string {
	var names []string
	for verdict := enroll.NoMatch; verdict <= enroll.PoolRefused; verdict++ {
		names = append(names, verdict.String())
	}
	return names
}

func words[T ~string](values []T) []string {
	texts := make([]string, 0, len(values))
	for _, value := range values {
		texts = append(texts, string(value))
	}
	return texts
}
