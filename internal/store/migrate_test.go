package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/store"
)

// A node of the version before opens tables that a newer one has changed, and works: while nodes are replaced one after the
// other, when one of those crashes in between, and after all were taken back. The command line beside it, too.
func TestTablesOfANewerVersionAreUsed(t *testing.T) {
	for name, empty := range map[string]func(testing.TB) string{"SQLite file": sqliteFile, "PostgreSQL": postgrestest.Database} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, empty(t))
			newer := w.first
			for _, change := range []string{
				`CREATE TABLE of_the_next (name TEXT PRIMARY KEY)`,
				`ALTER TABLE ledger ADD COLUMN of_the_next TEXT NOT NULL DEFAULT ''`,
				`CREATE INDEX ledger_of_the_next ON ledger (of_the_next)`,
				`INSERT INTO migrations (version, name, applied_at) VALUES (9999, '9999_of_the_next.sql', 0)`,
			} {
				must(t, store.Exec(t.Context(), newer, change))
			}
			older := w.open()
			_, err := older.AppendLedger(t.Context(), store.LedgerEntry{Pool: "p", Account: "ada", Event: "set_up"})
			must(t, err)
			if got, err := newer.Latest(t.Context(), "p", "ada"); err != nil || got.Event != "set_up" {
				t.Errorf("got %v, %v", got, err)
			}
			if latest, err := store.QueryText(t.Context(), older, `SELECT max(version) FROM migrations`); err != nil || latest != "9999" {
				t.Errorf("the latest migration is %s, %v", latest, err)
			}
		})
	}
}

// additions are what a migration may do while nodes of the version before go on writing: they know nothing of it.
var additions = regexp.MustCompile(`^(CREATE TABLE \w+ \(|CREATE INDEX |ALTER TABLE \w+ ADD COLUMN \w+ \w+ (NOT NULL )?DEFAULT )`)

// ofItsOwn is what it may do to tables that it has made itself.
var ofItsOwn = regexp.MustCompile(`^(?:CREATE UNIQUE INDEX \w+ ON|INSERT INTO) (\w+) \(`)

// removals are migrations that take away, or change what is there, each with the release that had stopped using it.
var removals = map[string]string{}

// released are the migrations as they are in databases. A new one is another line; no line changes.
var released = map[string]string{
	"0001_sessions.sql":         "790656d7087b948b",
	"0002_handoffs.sql":         "d6e70d79d1f0cc44",
	"0003_invites.sql":          "25921c78a4d6cca0",
	"0004_ledger.sql":           "c665731eb25a57d3",
	"0005_audit.sql":            "d5060519bdf9a65b",
	"0006_throttles.sql":        "96461528e66ec659",
	"0007_links.sql":            "60a26b65ebd00790",
	"0008_resets.sql":           "f30581c2b2ae6942",
	"0009_sweeps.sql":           "bf309e56b177fc75",
	"0010_answers.sql":          "324bbbb871240b19",
	"0011_deliveries.sql":       "fba9ce5ddb4a6906",
	"0012_shared.sql":           "f7ce6e68ac00a4af",
	"0013_audit_by_account.sql": "62db3b1ad57cb51b",
}

func TestMigrationsOnlyAdd(t *testing.T) {
	paths, err := filepath.Glob("migrations/*.sql")
	must(t, err)
	if len(paths) != len(released) {
		t.Errorf("%d migrations, %d in the list", len(paths), len(released))
	}
	for _, path := range paths {
		text, err := os.ReadFile(path) //nolint:gosec // ours
		must(t, err)
		name := filepath.Base(path)
		sum := sha256.Sum256(text)
		if got := hex.EncodeToString(sum[:8]); got != released[name] {
			t.Errorf("%s is %s, and in the list %q: what is in databases does not change, write another one", name, got, released[name])
		}
		if removals[name] != "" {
			continue
		}
		for _, what := range beyondAdding(string(text)) {
			t.Errorf("%s: nodes of the version before would not survive: %s", name, what)
		}
	}
}

// beyondAdding are the statements that do more than add.
func beyondAdding(text string) (found []string) {
	made := map[string]bool{}
	text = regexp.MustCompile(`--[^\n]*`).ReplaceAllString(text, "")
	for statement := range strings.SplitSeq(text, ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		if name, ok := strings.CutPrefix(statement, "CREATE TABLE "); ok {
			name, _, _ = strings.Cut(name, " ")
			made[name] = true
		}
		own := ofItsOwn.FindStringSubmatch(statement)
		if statement != "" && !additions.MatchString(statement) && (own == nil || !made[own[1]]) {
			found = append(found, statement)
		}
	}
	return found
}

func TestWhatIsMoreThanAddingIsFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"-- DROP;\nCREATE TABLE a (x TEXT);\nCREATE UNIQUE INDEX a_x ON a (x);\nINSERT INTO a (x) VALUES ('');": 0,
		"ALTER TABLE a ADD COLUMN b BIGINT NOT NULL DEFAULT 0;\nCREATE INDEX a_b ON a (b);":                     0,
		"ALTER TABLE a ADD COLUMN b BIGINT NOT NULL;":                                                           1,
		"ALTER TABLE a DROP COLUMN b; ALTER TABLE a RENAME TO b; DROP TABLE c; DROP INDEX d;":                   4,
		"CREATE UNIQUE INDEX a_x ON a (x);":                                                                     1,
		"UPDATE a SET b = 1; DELETE FROM a; INSERT INTO a (b) VALUES (1);":                                      3,
	} {
		if got := beyondAdding(text); len(got) != want {
			t.Errorf("%s: found %q, want %d", text, got, want)
		}
	}
}
