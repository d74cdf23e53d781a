package helpdesk_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/secret"
)

var update = flag.Bool("update", false, "write testdata")

// somebody are the agents of the matrix: every channel with every rank, with and without what it should have.
func somebody() map[string]helpdesk.Agent {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	agents := map[string]helpdesk.Agent{"nobody": {}}
	for _, channel := range []helpdesk.Channel{helpdesk.NoChannel, helpdesk.Page, helpdesk.API, helpdesk.CLI} {
		for _, rank := range []helpdesk.Rank{helpdesk.NoRank, helpdesk.Agents, helpdesk.Leads, helpdesk.Admins, helpdesk.Operator} {
			a := helpdesk.Agent{Channel: channel, ID: "me", Rank: rank, MFA: channel == helpdesk.Page, Session: "mine", SteppedUpAt: now}
			agents[channel.String()+" "+rank.String()] = a
			if channel == helpdesk.Page {
				a.SteppedUpAt = now.Add(-5*time.Minute - time.Second)
				agents["page "+rank.String()+", stepped up long ago"] = a
				a.SteppedUpAt = now.Add(time.Second)
				agents["page "+rank.String()+", stepped up in the future"] = a
				a.MFA = false
				agents["page "+rank.String()+" without MFA"] = a
			}
		}
	}
	return agents
}

// everybody are the targets.
func everybody() []struct {
	name   string
	target helpdesk.Target
} {
	type named = struct {
		name   string
		target helpdesk.Target
	}
	return []named{
		{"user", helpdesk.Target{Sub: "u"}},
		{"privileged", helpdesk.Target{Sub: "p", Privileged: true}},
		{"agent", helpdesk.Target{Sub: "a", Rank: helpdesk.Agents}},
		{"lead", helpdesk.Target{Sub: "l", Rank: helpdesk.Leads, Privileged: true}},
		{"admin", helpdesk.Target{Sub: "x", Rank: helpdesk.Admins, Privileged: true}},
		{"himself", helpdesk.Target{Sub: "me"}},
	}
}

// TestMatrix is every operation, agent and target. testdata/matrix.txt is what was decided: read its changes.
func TestMatrix(t *testing.T) {
	w := inMemory(t, nil)
	agents := somebody()
	var out strings.Builder
	cells := 0
	for _, op := range append(helpdesk.Operations(), "operation without a rule") {
		fmt.Fprintf(&out, "%s\n", op)
		for _, name := range sortedKeys(agents) {
			answers := make([]string, 0, 6)
			for _, target := range everybody() {
				cells++
				answer := "yes"
				if err := w.desk.Allowed(op, agents[name], target.target); err != nil {
					answer = strings.TrimPrefix(err.Error(), string(op)+": ")
				}
				answers = append(answers, target.name+": "+answer)
			}
			if row := strings.Join(compact(answers), ", "); row != "" {
				fmt.Fprintf(&out, "  %-40s %s\n", name, row)
			}
		}
	}
	path := filepath.Join("testdata", "matrix.txt")
	if *update {
		w.ok(os.MkdirAll("testdata", 0o755))
		w.ok(os.WriteFile(path, []byte(out.String()), 0o644))
	}
	want, err := os.ReadFile(path)
	w.ok(err)
	if out.String() != string(want) {
		t.Errorf("the matrix has changed: go test ./internal/helpdesk -run TestMatrix -update, and read the difference")
	}
	t.Logf("%d cells", cells)
}

// compact says once what holds for everybody.
func compact(answers []string) []string {
	first := answers[0][strings.Index(answers[0], ": ")+2:]
	for _, a := range answers {
		if a[strings.Index(a, ": ")+2:] != first {
			return answers
		}
	}
	return []string{first}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// TestMatrixKeepsItsPrinciples states what no row of the matrix may say, whatever is decided.
func TestMatrixKeepsItsPrinciples(t *testing.T) {
	w := inMemory(t, nil)
	changes := []helpdesk.Operation{
		helpdesk.OpMint, helpdesk.OpIssuePiece, helpdesk.OpSendLink, helpdesk.OpRevoke, helpdesk.OpLostPhone, helpdesk.OpRequest, helpdesk.OpApprove,
	}
	for _, op := range append(helpdesk.Operations(), "no such operation") {
		for name, agent := range somebody() {
			for _, target := range everybody() {
				if w.desk.Allowed(op, agent, target.target) != nil {
					continue
				}
				fault := ""
				switch changing := slices.Contains(changes, op); {
				case op == "no such operation":
					fault = "has no rule"
				case agent.ID == "" || agent.Channel == helpdesk.NoChannel || agent.Rank == helpdesk.NoRank:
					fault = "nobody may"
				case agent.Rank == helpdesk.Operator && agent.Channel != helpdesk.CLI:
					fault = "with the operator's rank, but not on his machine"
				case agent.Channel == helpdesk.Page && !agent.MFA:
					fault = "without a second factor"
				case changing && target.name == "himself" && agent.Channel == helpdesk.Page:
					fault = "to himself"
				case changing && op != helpdesk.OpApprove && target.target.Rank >= agent.Rank:
					fault = "to somebody of his rank or above"
				case op == helpdesk.OpApprove && agent.Channel != helpdesk.Page:
					fault = "approved by no person"
				case op == helpdesk.OpApprove && (strings.Contains(name, "long ago") || strings.Contains(name, "future")):
					fault = "without step-up"
				}
				if fault != "" {
					t.Errorf("%s may %s %s: %s", name, op, target.name, fault)
				}
			}
		}
	}
}

// TestOperationsAreAllListed: what is declared is in the list, and so in the matrix.
func TestOperationsAreAllListed(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "rules.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Operation" {
				declared += len(spec.Names)
			}
		}
		return true
	})
	if listed := len(helpdesk.Operations()); listed != declared || declared == 0 {
		t.Errorf("%d operations are declared, %d listed", declared, listed)
	}
}

// operations calls each operation for real, on an account.
func (w *world) operations(agent helpdesk.Agent, name string, link helpdesk.NewLink, reset, approval int64) map[helpdesk.Operation][]func() error {
	ctx, d := w.ctx, w.desk
	return map[helpdesk.Operation][]func() error{
		helpdesk.OpLookUp: {
			func() error { _, err := d.Find(ctx, agent, name); return err },
			func() error { _, err := d.Name(ctx, agent, name); return err },
			func() error { _, err := d.Case(ctx, agent, name); return err },
			func() error { _, _, err := d.Trail(ctx, agent, name, 0, 1); return err },
			func() error { _, err := d.Approvals(ctx, agent); return err },
		},
		helpdesk.OpWatch: {
			func() error { _, err := d.Link(ctx, agent, link.ID); return err },
			func() error { _, _, err := d.Watch(ctx, agent, link.ID, 0); return err },
			func() error { _, err := d.Links(ctx, agent, 0, 10); return err },
		},
		helpdesk.OpMint:       {func() error { _, err := d.Mint(ctx, agent, minting(name)); return err }},
		helpdesk.OpIssuePiece: {func() error { _, err := d.IssuePiece(ctx, agent, link.ID); return err }},
		helpdesk.OpSendLink:   {func() error { return d.SendLink(ctx, agent, link.ID, link.Locator) }},
		helpdesk.OpRevoke:     {func() error { return d.Revoke(ctx, agent, link.ID) }},
		helpdesk.OpLostPhone: {
			func() error { _, err := d.LostPhone(ctx, agent, lostPhone(name)); return err },
			func() error { _, err := d.Resume(ctx, agent, reset, false); return err },
		},
		helpdesk.OpRequest: {func() error {
			_, err := d.Request(ctx, agent, helpdesk.Asking{Operation: helpdesk.OpMint, Account: name, Ticket: "T", Reason: "R", Proof: "P"})
			return err
		}},
		helpdesk.OpApprove: {
			func() error { return d.Approve(ctx, agent, approval) },
			func() error { return d.Refuse(ctx, agent, approval) },
		},
		helpdesk.OpCoverage:    {func() error { _, err := d.Coverage(ctx, agent); return err }},
		helpdesk.OpCoverageCSV: {func() error { return d.CoverageCSV(ctx, agent, io.Discard) }},
		helpdesk.OpSweep:       {func() error { _, err := d.Sweep(ctx, agent, helpdesk.SweepBudget{}); return err }},
		helpdesk.OpAudit: {
			func() error { _, err := d.AuditTrail(ctx, agent, 0, 1); return err },
			func() error { _, err := d.VerifyAudit(ctx, agent); return err },
		},
		helpdesk.OpAuditExport: {func() error { return d.ExportAudit(ctx, agent, io.Discard) }},
	}
}

// written is what a call answered, and how many entries it added to the audit trail.
type written struct {
	err     error
	entries int
}

func (w *world) writes(call func() error) written {
	w.Helper()
	err := call()
	added, readErr := w.store.Audit(w.ctx, w.read, 100)
	w.ok(readErr)
	w.read += int64(len(added))
	return written{err, len(added)}
}

// TestEveryMethodAsksItsRule calls every method as every agent on every target: it is refused exactly where the matrix
// refuses, and then nothing has happened.
func TestEveryMethodAsksItsRule(t *testing.T) {
	w := inMemory(t, func(o *helpdesk.Options) {
		o.APIKey = func(name string) (helpdesk.KeyRights, bool) {
			rank, ok := map[string]helpdesk.Rank{"agents": helpdesk.Agents, "leads": helpdesk.Leads, "admins": helpdesk.Admins}[name]
			return helpdesk.KeyRights{Rank: rank}, ok
		}
	})
	targets := map[string]helpdesk.Target{}
	links := map[string]helpdesk.NewLink{}
	resets, approvals := map[string]int64{}, map[string]int64{}
	for name, groups := range map[string][]string{"user": nil, "privileged": {"finance"}, "colleague": {"desk"}, "boss": {"desk-leads"}, "owner": {"admins"}} {
		if name == "privileged" {
			w.add("other", "finance")
		}
		sub := w.add(name, groups...)
		found, err := w.desk.Case(w.ctx, w.agent("grace"), name)
		w.ok(err)
		targets[name] = helpdesk.Target{Sub: sub, Rank: found.Rank, Privileged: found.Privileged}
	}
	for name := range targets {
		// What the operations are about, past all rules.
		hash := [32]byte([]byte(fmt.Sprintf("%-32s", name)))
		id, err := w.store.PutInvite(w.ctx, helpdesk.Invite{LocatorHash: hash, Pool: w.options.Pool, Account: targets[name].Sub, ExpiresAt: w.clock.Now().Add(30 * 24 * time.Hour)})
		w.ok(err)
		links[name] = helpdesk.NewLink{Link: helpdesk.Link{ID: id}, Locator: secret.New("00000000000000000000000000")}
		resets[name], err = w.store.PutReset(w.ctx, helpdesk.Reset{Pool: w.options.Pool, Account: targets[name].Sub, Username: name})
		w.ok(err)
		w.ok(w.store.FinishReset(w.ctx, resets[name]))
		approvals[name], err = w.store.PutApproval(w.ctx, helpdesk.Approval{Pool: w.options.Pool, Operation: helpdesk.OpMint, Account: targets[name].Sub, Agent: "cli:other", ExpiresAt: w.clock.Now().Add(30 * 24 * time.Hour)})
		w.ok(err)
	}
	agents := map[string]func() helpdesk.Agent{"nobody": func() helpdesk.Agent { return helpdesk.Agent{} }}
	for _, name := range []string{"grace", "lena", "root"} {
		agents[name] = func() helpdesk.Agent { return w.agent(name) }
		agents[name+" without MFA"] = func() helpdesk.Agent { a := w.agent(name); a.MFA = false; return a }
	}
	for _, key := range []string{"agents", "leads", "admins"} {
		agents["key "+key] = func() helpdesk.Agent { a, err := w.desk.KeyAgent(key); w.ok(err); return a }
	}
	agents["shell"] = func() helpdesk.Agent { return helpdesk.CLIAgent("operator") }
	targets["grace"] = helpdesk.Target{Sub: w.sub("grace"), Rank: helpdesk.Agents}
	targetless := []helpdesk.Operation{
		helpdesk.OpCoverage, helpdesk.OpCoverageCSV, helpdesk.OpSweep, helpdesk.OpAudit, helpdesk.OpAuditExport, helpdesk.OpLookUp, helpdesk.OpWatch,
	}
	w.read = int64(len(w.trail()))
	cells := 0
	for who, agentOf := range agents {
		for name, target := range targets {
			w.clock.advance(24 * time.Hour) // of all limits
			for op, calls := range w.operations(agentOf(), name, links[name], resets[name], approvals[name]) {
				if links[name].ID == 0 && !slices.Contains([]helpdesk.Operation{helpdesk.OpMint, helpdesk.OpRequest, helpdesk.OpLookUp}, op) {
					continue // nothing was made for this one
				}
				for i, call := range calls {
					cells++
					judged := target
					if slices.Contains(targetless, op) {
						judged = helpdesk.Target{}
					}
					if op == helpdesk.OpLostPhone && i == 0 && w.desk.Allowed(op, agentOf(), judged) == nil {
						continue // lostphone_test.go
					}
					want := w.desk.Allowed(op, agentOf(), judged)
					did := w.writes(call)
					got := did.err
					if want != nil && (got == nil || got.Error() != want.Error()) {
						t.Errorf("%s, %s %d of %s: got %v, want %v", who, op, i, name, got, want)
					}
					if want == nil && (helpdesk.KindOf(got) == helpdesk.NeedsMFA || helpdesk.KindOf(got) == helpdesk.NeedsStepUp || strings.Contains(fmt.Sprint(got), "not_allowed")) {
						t.Errorf("%s, %s %d of %s: got %v, want it not refused", who, op, i, name, got)
					}
					if want != nil && did.entries != 0 {
						t.Errorf("%s, %s %d of %s was refused and is in the audit trail", who, op, i, name)
					}
				}
			}
		}
	}
	t.Logf("%d calls", cells)
}

func TestPageAgent(t *testing.T) {
	w := inMemory(t, nil)
	w.add("ada")
	for name, want := range map[string]helpdesk.Rank{"grace": helpdesk.Agents, "lena": helpdesk.Leads, "root": helpdesk.Admins} {
		if a := w.agent(name); a.Rank != want || a.ID != w.sub(name) || a.String() != "page:"+a.ID {
			t.Errorf("%s: got %+v, want %s", name, a, want)
		}
	}
	_, err := w.desk.PageAgent(w.ctx, helpdesk.SignedIn{Username: "ada", MFA: true})
	w.kind(err, helpdesk.NotAllowed)
	_, err = w.desk.PageAgent(w.ctx, helpdesk.SignedIn{Username: "nobody", MFA: true})
	w.kind(err, helpdesk.NoSuchAccount)
	w.join("grace", "admins")
	if a := w.agent("grace"); a.Rank != helpdesk.Admins {
		t.Errorf("in two groups: %s, want the higher rank", a.Rank)
	}
	w.disable("grace")
	_, err = w.desk.PageAgent(w.ctx, helpdesk.SignedIn{Username: "grace", MFA: true})
	w.kind(err, helpdesk.NotAllowed)
	_, err = w.desk.KeyAgent("unknown")
	w.kind(err, helpdesk.NotAllowed)
}

func TestOptionsThatCannotBe(t *testing.T) {
	w := inMemory(t, nil)
	for name, change := range map[string]func(*helpdesk.Options){
		"no pool":                    func(o *helpdesk.Options) { o.Pool = "" },
		"no store":                   func(o *helpdesk.Options) { o.Store = nil },
		"a short key":                func(o *helpdesk.Options) { o.Key = secret.New("short") },
		"an unknown policy":          func(o *helpdesk.Options) { o.Policy.Mode = "relaxed" },
		"idle backwards":             func(o *helpdesk.Options) { o.Policy.Idle = -1 },
		"links shorter than allowed": func(o *helpdesk.Options) { o.Rules.MinLifetime = time.Minute },
		"links longer than allowed":  func(o *helpdesk.Options) { o.Rules.MaxLifetime = 31 * 24 * time.Hour },
		"bounds the wrong way":       func(o *helpdesk.Options) { o.Rules.MinLifetime, o.Rules.MaxLifetime = 2*time.Hour, time.Hour },
		"usual life out of bounds":   func(o *helpdesk.Options) { o.Rules.Lifetime = 40 * 24 * time.Hour },
		"operator by group":          func(o *helpdesk.Options) { o.Rules.Ranks = map[string]helpdesk.Rank{"x": helpdesk.Operator} },
		"a day's cooldown":           func(o *helpdesk.Options) { o.Rules.Cooldown = 24 * time.Hour },
	} {
		options := w.options
		change(&options)
		if _, err := helpdesk.New(options); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestKindsAndNames(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range helpdesk.Kinds() {
		if name := k.String(); strings.HasPrefix(name, "kind(") || seen[name] {
			t.Errorf("kind %d is called %q", k, name)
		} else {
			seen[name] = true
		}
	}
	for _, r := range []helpdesk.Rank{helpdesk.Agents, helpdesk.Leads, helpdesk.Admins} {
		if got, ok := helpdesk.ParseRank(r.String()); !ok || got != r {
			t.Errorf("%s: %v %t", r, got, ok)
		}
	}
	if _, ok := helpdesk.ParseRank(helpdesk.Operator.String()); ok {
		t.Error("operator can be given away")
	}
}
