package helpdesk_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/userpool"
)

// wire is the way to the pool: it counts calls by second of the pool's clock, and has the quirk of ListUsers that a page
// may be empty although there are more (API reference, ListUsers).
type wire struct {
	http.RoundTripper

	clock *clock
	quirk bool

	mu      sync.Mutex
	calls   map[string]int
	seconds map[int64]int
	emptied map[string]bool // tokens whose page was shown empty once
	empties int
}

func (l *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var in struct{ PaginationToken string }
	_ = json.Unmarshal(body, &in)
	l.mu.Lock()
	l.calls[op]++
	l.seconds[l.clock.Now().Unix()]++
	empty := l.quirk && op == "ListUsers" && in.PaginationToken != "" && !l.emptied[in.PaginationToken]
	if empty {
		l.emptied[in.PaginationToken] = true
		l.empties++
	}
	l.mu.Unlock()
	if empty {
		text, err := json.Marshal(map[string]any{"Users": []any{}, "PaginationToken": in.PaginationToken})
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(text)), Request: r}, err
	}
	return l.RoundTripper.RoundTrip(r)
}

// wired opens a world whose desk reaches the pool over a wire.
func wired(t *testing.T, pool userpool.Options, change func(*helpdesk.Options)) (*world, *wire) {
	t.Helper()
	w := open(t, pool, "sqlite::memory:", nil)
	l := &wire{
		RoundTripper: w.pool.Transport(), clock: w.clock, quirk: true,
		calls: map[string]int{}, seconds: map[int64]int{}, emptied: map[string]bool{},
	}
	w.options.Directory = cognito.NewDirectory(cognito.Options{AWS: w.settings(l), UserPoolID: w.options.Pool, Now: w.clock.Now})
	change(&w.options)
	var err error
	w.desk, err = helpdesk.New(w.options)
	w.ok(err)
	return w, l
}

// TestSweep: the pool's truth, within the budget, over pages that are sometimes empty.
func TestSweep(t *testing.T) {
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	w, l := wired(t, userpool.Options{MFA: userpool.MFAOptional}, func(o *helpdesk.Options) {
		o.Rules.Deadlines = map[string]time.Time{"": start.Add(100 * 24 * time.Hour), "sales": start, "nobody-in-it": start}
	})
	lena := w.agent("lena")
	truth := map[helpdesk.Standing]int{}
	sales := map[helpdesk.Standing]int{}
	accounts := prove.Times(10_000, 1000)
	users := make([]userpool.User, 0, accounts)
	for i := range accounts {
		u := userpool.User{Username: fmt.Sprintf("user-%05d", i), Password: password}
		standing := helpdesk.Pending
		switch {
		case i%100 == 99:
			u.State, u.Password, standing = userpool.StateExternal, "", helpdesk.NotExpected
		case i%50 == 48:
			u.State, standing = userpool.StateDisabled, helpdesk.NotExpected
		case i%50 == 47:
			u.State, standing = userpool.StateUnconfirmed, helpdesk.NotExpected
		case i%3 == 0:
			u.State, standing = userpool.StateEnrolled, helpdesk.SetUp
		}
		truth[standing]++
		if i%10 == 0 {
			u.Groups = []string{"sales"}
			if standing == helpdesk.Pending {
				truth[standing]--
				standing = helpdesk.Overdue
				truth[standing]++
			}
			sales[standing]++
		}
		users = append(users, u)
	}
	w.ok(w.pool.AddUsers(users...))
	truth[helpdesk.Pending] += 4 // grace, heidi, lena, root

	l.mu.Lock()
	clear(l.calls)
	clear(l.seconds)
	l.mu.Unlock()
	report, err := w.desk.Sweep(w.ctx, lena, helpdesk.SweepBudget{PerSecond: 20})
	w.ok(err)
	calls := 0
	for _, n := range l.calls {
		calls += n
	}
	for second, n := range l.seconds {
		if n > 21 { // a call at each end
			t.Errorf("%d calls in second %d, over the budget of 20", n, second)
		}
	}
	if calls != report.Calls || report.Accounts != accounts+4 || l.empties < accounts/60 || report.Took < time.Duration(calls-1)*50*time.Millisecond {
		t.Errorf("got %+v with %d calls on the wire and %d empty pages", report, calls, l.empties)
	}
	// A page lists sixty; each account that could set up is asked once.
	if most := 2*(accounts/60+2) + (accounts/10)/60 + 3 + accounts; calls > most {
		t.Errorf("%d calls, want at most %d", calls, most)
	}
	coverage, err := w.desk.Coverage(w.ctx, lena)
	w.ok(err)
	if len(coverage.Groups) != 3 || coverage.Groups[0].Group != "" || !coverage.SweptAt.Equal(w.clock.Now()) {
		t.Fatalf("got %+v", coverage)
	}
	for _, want := range []struct {
		about string
		got   helpdesk.GroupCoverage
		want  map[helpdesk.Standing]int
	}{{"everybody", coverage.Groups[0], truth}, {"sales", coverage.Groups[2], sales}, {"nobody", coverage.Groups[1], nil}} {
		for _, s := range helpdesk.Standings() {
			if want.got.Counts[s] != want.want[s] {
				t.Errorf("%s %s: got %d, the pool has %d", want.about, s, want.got.Counts[s], want.want[s])
			}
		}
	}
	if found := truth[helpdesk.SetUp]; report.Found != found || report.WithApp != found || report.Gone != 0 {
		t.Errorf("got %+v, want %d found", report, found)
	}
	_, err = w.desk.Sweep(w.ctx, lena, helpdesk.SweepBudget{PerSecond: 20})
	if report.Took < time.Hour {
		w.kind(err, helpdesk.TooMany)
	}

	// A second one finds what has changed meanwhile, and nothing else.
	w.clock.advance(time.Hour)
	_, err = w.directory.DropApp(w.ctx, "user-00000")
	w.ok(err)
	w.delete("user-00001")
	report, err = w.desk.Sweep(w.ctx, w.agent("lena"), helpdesk.SweepBudget{PerSecond: 1000})
	w.ok(err)
	if report.Found != 0 || report.Gone != 1 || report.Accounts != accounts+3 {
		t.Errorf("second sweep: %+v, want one app gone and one account fewer", report)
	}
	if entry, err := w.store.Latest(w.ctx, w.options.Pool, "user-00000"); err != nil || entry.Event != helpdesk.EventGone || entry.Actor != "sweep" {
		t.Errorf("ledger: %+v, %v", entry, err)
	}
}

func TestSweepWaitsForABusyPool(t *testing.T) {
	w := inMemory(t, nil)
	w.pool.FailNext("ListUsers", userpool.Fault{Kind: userpool.FaultException, Exception: "TooManyRequestsException", Times: 4})
	began := w.clock.Now()
	report, err := w.desk.Sweep(w.ctx, w.agent("lena"), helpdesk.SweepBudget{})
	w.ok(err)
	if took := w.clock.Now().Sub(began); report.Accounts != 4 || took < 3*time.Second {
		t.Errorf("got %+v after %s, want all four accounts after waits", report, took)
	}
	w.clock.advance(time.Hour)
	w.pool.FailNext("ListUsers", userpool.Fault{Kind: userpool.FaultException, Exception: "AccessDeniedException"})
	_, err = w.desk.Sweep(w.ctx, w.agent("lena"), helpdesk.SweepBudget{})
	w.kind(err, helpdesk.PoolRefused)
}

// TestStandings walks one account through all of them.
func TestStandings(t *testing.T) {
	w := inMemory(t, nil)
	w.options.Rules.Deadlines = map[string]time.Time{"": w.clock.Now().Add(48 * time.Hour)}
	var err error
	w.desk, err = helpdesk.New(w.options)
	w.ok(err)
	w.add("ada")
	want := func(standing helpdesk.Standing) {
		t.Helper()
		w.clock.advance(time.Hour)
		_, err := w.desk.Sweep(w.ctx, w.agent("lena"), helpdesk.SweepBudget{})
		w.ok(err)
		var out bytes.Buffer
		w.ok(w.desk.CoverageCSV(w.ctx, w.agent("lena"), &out))
		rows, err := csv.NewReader(&out).ReadAll()
		w.ok(err)
		at := slices.IndexFunc(rows, func(row []string) bool { return row[0] == "ada" })
		if at < 1 || rows[at][2] != string(standing) {
			t.Errorf("got %v, want %s", rows, standing)
		}
	}
	want(helpdesk.Pending)
	wish := minting("ada")
	wish.Lifetime = 2 * time.Hour
	w.mint(wish)
	want(helpdesk.Pending)
	want(helpdesk.LinkLapsed)
	w.clock.advance(48 * time.Hour)
	want(helpdesk.Overdue)
	held := w.open(w.mint(wish)).Held
	w.setUp("ada")
	w.ok(w.desk.Spend(w.ctx, held, "ada"))
	want(helpdesk.SetUp)
	_, err = w.store.AppendLedger(w.ctx, helpdesk.LedgerEntry{Pool: w.options.Pool, Account: "ada", Event: helpdesk.EventProven, Actor: "ada"})
	w.ok(err)
	want(helpdesk.Proven)
	report, err := w.desk.LostPhone(w.ctx, w.agent("grace"), lostPhone("ada"))
	w.ok(err)
	w.hide(report.Link)
	want(helpdesk.Overdue)
	// Somebody else gets the name: what we knew of ada is not about her.
	w.setUp("ada")
	w.delete("ada")
	w.clock.advance(time.Second)
	w.add("ada")
	want(helpdesk.Overdue)
	w.disable("ada")
	want(helpdesk.NotExpected)
}

// TestCellsBeginNoFormula: names are the users' own, and go to somebody's spreadsheet.
func TestCellsBeginNoFormula(t *testing.T) {
	w := inMemory(t, nil)
	names := []string{`=cmd|'/C`, "+1", "-2+3", "@SUM(1)", "|calc", "%0a", "＝1+1", "a,\"b\"", "plain", "'quoted"}
	for _, name := range names {
		w.ok(w.store.PutSwept(w.ctx, w.options.Pool, 0, []helpdesk.Swept{{Sub: name, Username: name, Status: helpdesk.StatusConfirmed, Enabled: true}}))
	}
	var out bytes.Buffer
	w.ok(w.desk.CoverageCSV(w.ctx, w.agent("lena"), &out))
	rows, err := csv.NewReader(&out).ReadAll()
	w.ok(err)
	if len(rows) != len(names)+1 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows[1:] {
		if strings.ContainsAny(row[0][:1], "=+-@|%") || strings.HasPrefix(row[0], "＝") {
			t.Errorf("%q begins a formula", row[0])
		}
		if !slices.Contains(names, row[0]) && !slices.Contains(names, strings.TrimPrefix(row[0], "'")) {
			t.Errorf("%q is nobody's name", row[0])
		}
	}
}
