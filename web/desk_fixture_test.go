package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/web"
)

// deskOptions are a test's wishes for the help desk.
type deskOptions struct {
	policy   helpdesk.Policy
	notifier helpdesk.Notifier
	byName   bool // see helpdesk.Rules.NameOpens
}

// withDesk opens a portal with a help desk, its agents, and its leads.
func withDesk(o *portalOptions) { o.desk = &deskOptions{} }

func needsTicket(o *portalOptions) {
	o.desk = &deskOptions{policy: helpdesk.Policy{Mode: helpdesk.PolicyTicket}}
}

// opensByName has links for a first set-up open without a spoken piece.
func opensByName(o *portalOptions) {
	o.desk = &deskOptions{policy: helpdesk.Policy{Mode: helpdesk.PolicyTicket}, byName: true}
}

// deskCooldown is how long after its approval a privileged link may be made.
const deskCooldown = 30 * time.Minute

// openDesk makes the help desk of this process: nil when there is none.
func (p *portal) openDesk(opts cognito.Options) enroll.Desk {
	p.t.Helper()
	if p.options.desk == nil {
		return nil
	}
	info := p.pool.Info()
	opts.AWS.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: info.AccessKeyID, SecretAccessKey: info.SecretAccessKey}, nil
	})
	var err error
	p.desk, err = helpdesk.New(helpdesk.Options{
		Pool: info.UserPoolID, Directory: cognito.NewDirectory(opts), Store: p.store, Notifier: p.options.desk.notifier,
		Rules: helpdesk.Rules{
			Ranks:      map[string]helpdesk.Rank{"desk": helpdesk.Agents, "leads": helpdesk.Leads, "admins": helpdesk.Admins},
			Privileged: []string{"finance"}, Cooldown: deskCooldown, NameOpens: p.options.desk.byName,
		},
		Policy: p.options.desk.policy, Required: p.options.pool.MFA == userpool.MFAOn, Key: p.keys[0].Derive("links").Bytes(),
		Log: slog.New(slog.NewJSONHandler(p.log, nil)), Now: p.poolTime,
		Sleep: func(ctx context.Context, d time.Duration) error { p.clock.advance(d); return ctx.Err() },
	})
	p.must(err)
	return helpdesk.Enrollment{Desk: p.desk}
}

func (p *portal) addDesk(options *web.Options) {
	p.t.Helper()
	if p.desk == nil {
		return
	}
	options.Desk = p.desk
	var err error
	options.DeskSessions, err = session.New(session.Options{
		Name: "desk", Keys: []session.Key{p.keys[0].Derive("desk")}, Context: p.pool.Info().UserPoolID, Secure: !p.options.plainHTTP, Strict: true, MaxAge: time.Hour, Now: options.Now,
	})
	p.must(err)
}

// agentKeys are the keys of the agents' own apps: another one for each, so that nobody's code is another's.
const agentKey = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"

// addAgent makes an account in a group, with an app.
func (p *portal) addAgent(name string, groups ...string) {
	p.t.Helper()
	p.must(p.pool.AddUser(userpool.User{Username: name, Password: password, State: userpool.StateEnrolled, TOTPSecret: agentKey, Groups: groups}))
}

// addCaller makes an account with what a desk needs to find and to reach it.
func (p *portal) addCaller(name string, state userpool.State, groups ...string) {
	p.t.Helper()
	key := ""
	if state == userpool.StateEnrolled {
		key = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSQ"
	}
	p.must(p.pool.AddUser(userpool.User{
		Username: name, Password: password, State: state, TOTPSecret: key, Groups: groups,
		Attributes: map[string]string{"name": strings.ToUpper(name[:1]) + name[1:] + " Moreau", "email": name + "@example.test", "email_verified": "true"},
	}))
}

// deskSignIn signs an agent in, with a code that his app has not shown yet.
func (b *browser) deskSignIn(name string) *browser {
	b.t.Helper()
	b.get("/desk/sign-in").submit("/desk/sign-in", "username", name, "password", password)
	return b.submit("/desk/sign-in/code", "code", b.nextCode(agentKey)).status(http.StatusOK)
}

// lookedUp leads an agent to an account's page.
func (b *browser) lookedUp(account string) *browser {
	b.t.Helper()
	b.get("/desk").submit("/desk/look-up", "account", account).status(http.StatusOK)
	if !strings.HasPrefix(b.path(), "/desk/accounts/") {
		b.t.Fatalf("at %s, want %s's page", b, account)
	}
	return b
}

// makesLink has an agent make a link, and answers its path and its piece.
func (b *browser) makesLink(account string) (path, piece string) {
	b.t.Helper()
	at := b.lookedUp(account).path()
	b.get(at+"/link").submit(at+"/link", "ticket", "HD-1", "reason", "new phone", "proof", "called back").status(http.StatusOK)
	return b.handedOut()
}

// handedOut is the link on the page of who has made it.
func (b *browser) handedOut() (path, piece string) {
	b.t.Helper()
	address, piece := b.page.Text("#address"), b.page.Text("output")
	if !strings.HasPrefix(address, b.server.URL+"/i/") || piece == "" {
		b.t.Fatalf("at %s: link %q, piece %q:\n%s", b, address, piece, b.page.Text("main"))
	}
	return strings.TrimPrefix(address, b.server.URL), piece
}

// opens opens a link with a piece.
func (b *browser) opens(path, piece string) *browser {
	b.t.Helper()
	return b.get(path).submit(path, "piece", piece)
}

// outbox keeps notices.
type outbox struct {
	mu   sync.Mutex
	sent []helpdesk.Notice
}

func (o *outbox) Notify(_ context.Context, n helpdesk.Notice) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, n)
	return nil
}

func (o *outbox) last(t testing.TB, kind helpdesk.NoticeKind) helpdesk.Notice {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := len(o.sent) - 1; i >= 0; i-- {
		if o.sent[i].Kind == kind {
			return o.sent[i]
		}
	}
	t.Fatalf("no notice %s among %d", kind, len(o.sent))
	return helpdesk.Notice{}
}
