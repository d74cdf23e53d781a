package helpdesk_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/dynamotest"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/postgrestest"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/sweeptest"
	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
)

// sharedKeys are generated once for all pools of the package.
var sharedKeys *userpool.Keys

func TestMain(m *testing.M) {
	dynamotest.Main()
	sharedKeys = userpool.NewKeys()
	code := m.Run()
	postgrestest.Stop()
	dynamotest.Stop()
	os.Exit(code)
}

const (
	password = "Correct-Horse-9"
	// patience replaces the store's own deadlines where a test loads two cores for longer than anybody would wait.
	patience = 5 * time.Minute
	oldKey   = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
)

// clock is moved by hand, and by whoever sleeps.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.advance(d)
	return ctx.Err()
}

// outbox keeps notices by their IDs, as a mailer's queue would.
type outbox struct {
	mu   sync.Mutex
	sent map[string]helpdesk.Notice
	fail error
}

func (o *outbox) Notify(_ context.Context, n helpdesk.Notice) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return o.fail
	}
	o.sent[n.ID] = n
	return nil
}

// log keeps what the desk logs, alarms and tells.
type log struct {
	mu      sync.Mutex
	text    bytes.Buffer
	alarms  []helpdesk.Alarm
	changes []helpdesk.Change
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// said is all of it, as text.
func (l *log) said() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Append(nil, l.text.String(), l.alarms, l.changes)
}

func (l *log) alarm(_ context.Context, a helpdesk.Alarm) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alarms = append(l.alarms, a)
}

// Message keeps what another server would be told.
func (l *log) Message(c helpdesk.Change) (name string, body []byte, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes = append(l.changes, c)
	return "msg", fmt.Append(nil, c), nil
}

func (*log) Kept() {}

func (l *log) raised(what string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.alarms {
		if a.What == what {
			n++
		}
	}
	return n
}

// world is a help desk on a real store, with the real SDK in front of the embedded pool.
type world struct {
	testing.TB

	ctx       context.Context
	url       string
	clock     *clock
	pool      *userpool.Pool
	directory *cognito.Directory
	api       *cip.Client // as the pool's operator
	store     *store.Store
	faults    *faultyStore
	desk      *helpdesk.Desk
	options   helpdesk.Options
	outbox    *outbox
	log       *log
	secrets   *sweeptest.Secrets
	read      int64 // how far writes has read the audit trail
}

// engines runs a test on each engine.
func engines(t *testing.T, pool userpool.Options, test func(*world)) {
	t.Helper()
	for name, url := range map[string]func(testing.TB) string{
		"SQLite":     sqliteFile,
		"PostgreSQL": postgrestest.Database,
		"DynamoDB":   dynamotest.Table,
	} {
		t.Run(name, func(t *testing.T) { test(open(t, pool, url(t), nil)) })
	}
}

func sqliteFile(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "portal.db")
}

// inMemory opens a world that is quick.
func inMemory(t testing.TB, change func(*helpdesk.Options)) *world {
	t.Helper()
	return open(t, userpool.Options{}, "sqlite::memory:", change)
}

func open(t testing.TB, pool userpool.Options, url string, change func(*helpdesk.Options)) *world {
	t.Helper()
	w := &world{
		TB: t, ctx: t.Context(), url: url, clock: &clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)},
		outbox: &outbox{sent: map[string]helpdesk.Notice{}}, log: &log{}, secrets: sweeptest.Of(t),
	}
	w.secrets.Artefact("what the desk says", w.log.said)
	w.secrets.Store(url)
	pool.Now, pool.Keys = w.clock.Now, sharedKeys
	var err error
	w.pool, err = userpool.New(pool)
	w.ok(err)
	settings := w.settings(w.secrets.Transport(w.pool.Transport()))
	w.api = cip.NewFromConfig(settings, func(o *cip.Options) { o.Retryer = aws.NopRetryer{} })
	w.directory = cognito.NewDirectory(cognito.Options{AWS: settings, UserPoolID: w.pool.Info().UserPoolID, Now: w.clock.Now})
	w.store = w.openStore()
	w.faults = &faultyStore{Store: w.store}
	w.options = helpdesk.Options{
		Pool: w.pool.Info().UserPoolID, Directory: w.directory, Store: w.faults, Notifier: w.outbox,
		Rules: helpdesk.Rules{
			Ranks:      map[string]helpdesk.Rank{"desk": helpdesk.Agents, "desk-leads": helpdesk.Leads, "admins": helpdesk.Admins},
			Privileged: []string{"finance"}, Cooldown: 30 * time.Minute, Languages: []string{"en", "de"},
		},
		Policy: helpdesk.Policy{Mode: helpdesk.PolicyOpen}, Required: pool.MFA != userpool.MFAOptional,
		Key: secret.New("0123456789abcdef0123456789ABCDEF"),
		APIKey: func(name string) (helpdesk.KeyRights, bool) {
			rights, ok := map[string]helpdesk.KeyRights{"tickets": {Rank: helpdesk.Agents}, "small": {Rank: helpdesk.Agents, Links: 3}}[name]
			return rights, ok
		},
		Alarm: w.log.alarm, Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: w.clock.Now, Sleep: w.clock.sleep,
	}
	if change != nil {
		change(&w.options)
	}
	w.desk, err = helpdesk.New(w.options)
	w.ok(err)
	w.add("grace", "desk")
	w.add("heidi", "desk")
	w.add("lena", "desk-leads")
	w.add("root", "admins")
	return w
}

// settings are the SDK's for the pool, through a transport.
func (w *world) settings(transport http.RoundTripper) aws.Config {
	info := w.pool.Info()
	return aws.Config{
		Region: info.Region, BaseEndpoint: aws.String("http://pool.test"), HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: info.AccessKeyID, SecretAccessKey: info.SecretAccessKey}, nil
		}),
	}
}

// openStore opens the world's store, as another node would.
func (w *world) openStore() *store.Store {
	w.Helper()
	opts := store.Options{Now: w.clock.Now, ReadTimeout: patience, WriteTimeout: patience, MaxConns: 4, Outbox: w.log}
	if strings.HasPrefix(w.url, "dynamodb:") {
		opts.AWS = dynamotest.Settings()
	}
	s, err := store.Open(w.ctx, w.url, opts)
	w.ok(err)
	w.Cleanup(func() { _ = s.Close() })
	return s
}

// node is another node's desk on the same store.
func (w *world) node() *helpdesk.Desk {
	w.Helper()
	options := w.options
	options.Store = w.openStore()
	desk, err := helpdesk.New(options)
	w.ok(err)
	return desk
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("got %v, want success", err)
	}
}

func (w *world) kind(err error, want helpdesk.Kind) {
	w.Helper()
	if got := helpdesk.KindOf(err); err == nil || got != want {
		w.Fatalf("got %v (%s), want %s", err, got, want)
	}
}

// add adds an account with an address, and answers its sub.
func (w *world) add(name string, groups ...string) string {
	w.Helper()
	return w.addUser(userpool.User{Username: name, Password: password, Groups: groups})
}

func (w *world) addUser(u userpool.User) string {
	w.Helper()
	if u.Attributes == nil {
		u.Attributes = map[string]string{"email": u.Username + "@example.test", "email_verified": "true", "phone_number": "+15550100", "phone_number_verified": "true"}
	}
	w.ok(w.pool.AddUser(u))
	return w.sub(u.Username)
}

func (w *world) sub(name string) string {
	w.Helper()
	account, err := w.directory.Account(w.ctx, name)
	w.ok(err)
	return account.Sub
}

// agent is somebody of the desk who has signed in to the pages.
func (w *world) agent(name string) helpdesk.Agent {
	w.Helper()
	a, err := w.desk.PageAgent(w.ctx, helpdesk.SignedIn{Username: name, Session: "session of " + name, MFA: true, SteppedUpAt: w.clock.Now()})
	w.ok(err)
	return a
}

func minting(account string) helpdesk.Minting {
	return helpdesk.Minting{Account: account, Purpose: helpdesk.FirstSetUp, Ticket: "INC-1", Reason: "new employee", Proof: "called back"}
}

func lostPhone(account string) helpdesk.LostPhone {
	return helpdesk.LostPhone{Account: account, Ticket: "INC-2", Reason: "phone stolen", Proof: "called back"}
}

// mint makes a link whose secrets must be nowhere from then on.
func (w *world) mint(wish helpdesk.Minting) helpdesk.NewLink {
	w.Helper()
	link, err := w.desk.Mint(w.ctx, w.agent("grace"), wish)
	w.ok(err)
	w.hide(link)
	return link
}

func (w *world) hide(link helpdesk.NewLink) {
	w.secrets.Add(sweeptest.Link, link.Locator.Reveal())
	w.secrets.Add(sweeptest.Link, strings.ToUpper(link.Locator.Reveal()))
	w.secrets.Add(sweeptest.Piece, link.Piece.Reveal())
	w.secrets.Add(sweeptest.Piece, strings.ReplaceAll(link.Piece.Reveal(), "-", ""))
}

func (w *world) open(link helpdesk.NewLink) helpdesk.Opened {
	w.Helper()
	opened, err := w.desk.Open(w.ctx, link.Locator, link.Piece)
	w.ok(err)
	return opened
}

// setUp sets up an app in the pool with nothing but the password, as the pages would, and answers its key and a token.
func (w *world) setUp(name string) (key, accessToken string) {
	w.Helper()
	first := w.signIn(name)
	if first.ChallengeName != types.ChallengeNameTypeMfaSetup {
		w.Fatalf("signing in: %s, want MFA_SETUP", first.ChallengeName)
	}
	association, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{Session: first.Session})
	w.ok(err)
	raw, err := totp.Decode(*association.SecretCode)
	w.ok(err)
	code := totp.Code(raw, totp.Step(w.clock.Now()))
	verified, err := w.api.VerifySoftwareToken(w.ctx, &cip.VerifySoftwareTokenInput{Session: association.Session, UserCode: &code})
	w.ok(err)
	last, err := w.api.RespondToAuthChallenge(w.ctx, &cip.RespondToAuthChallengeInput{
		ClientId: aws.String(w.pool.Info().ClientID), ChallengeName: types.ChallengeNameTypeMfaSetup, Session: verified.Session,
		ChallengeResponses: map[string]string{"USERNAME": name},
	})
	w.ok(err)
	_, err = w.store.AppendLedger(w.ctx, helpdesk.LedgerEntry{Pool: w.options.Pool, Account: name, Event: helpdesk.EventSetUp, Actor: name})
	w.ok(err)
	return *association.SecretCode, *last.AuthenticationResult.AccessToken
}

func (w *world) signIn(name string) *cip.InitiateAuthOutput {
	w.Helper()
	out, err := w.api.InitiateAuth(w.ctx, &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: aws.String(w.pool.Info().ClientID),
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
	w.ok(err)
	return out
}

// remember makes the pool remember a device of somebody who has a token.
func (w *world) remember(name string) {
	w.Helper()
	_, err := w.api.UpdateUserPool(w.ctx, &cip.UpdateUserPoolInput{
		UserPoolId: &w.options.Pool, MfaConfiguration: types.UserPoolMfaTypeOn, DeviceConfiguration: &types.DeviceConfigurationType{},
	})
	w.ok(err)
	first := w.signIn(name)
	raw, err := totp.Decode(oldKey)
	w.ok(err)
	tokens, err := w.api.RespondToAuthChallenge(w.ctx, &cip.RespondToAuthChallengeInput{
		ClientId: aws.String(w.pool.Info().ClientID), ChallengeName: types.ChallengeNameTypeSoftwareTokenMfa, Session: first.Session,
		ChallengeResponses: map[string]string{"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": totp.Code(raw, totp.Step(w.clock.Now()))},
	})
	w.ok(err)
	_, err = w.api.ConfirmDevice(w.ctx, &cip.ConfirmDeviceInput{
		AccessToken: tokens.AuthenticationResult.AccessToken, DeviceKey: tokens.AuthenticationResult.NewDeviceMetadata.DeviceKey,
		DeviceSecretVerifierConfig: &types.DeviceSecretVerifierConfigType{
			Salt:             aws.String(base64.StdEncoding.EncodeToString([]byte("sixteen bytes of"))),
			PasswordVerifier: aws.String(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 384))),
		},
	})
	w.ok(err)
}

func (w *world) account(name string) helpdesk.Account {
	w.Helper()
	account, err := w.directory.Account(w.ctx, name)
	w.ok(err)
	return account
}

// trail is the whole audit chain, which must hold.
func (w *world) trail() []helpdesk.AuditEntry {
	w.Helper()
	_, err := w.store.VerifyAudit(w.ctx)
	w.ok(err)
	var all []helpdesk.AuditEntry
	for {
		batch, err := w.store.Audit(w.ctx, int64(len(all)), 500)
		w.ok(err)
		if all = append(all, batch...); len(batch) < 500 {
			return all
		}
	}
}

// What the pool's operator does meanwhile.

func (w *world) delete(name string) {
	w.Helper()
	_, err := w.api.AdminDeleteUser(w.ctx, &cip.AdminDeleteUserInput{UserPoolId: &w.options.Pool, Username: &name})
	w.ok(err)
}

func (w *world) disable(name string) {
	w.Helper()
	_, err := w.api.AdminDisableUser(w.ctx, &cip.AdminDisableUserInput{UserPoolId: &w.options.Pool, Username: &name})
	w.ok(err)
}

func (w *world) join(name, group string) {
	w.Helper()
	_, err := w.api.AdminAddUserToGroup(w.ctx, &cip.AdminAddUserToGroupInput{UserPoolId: &w.options.Pool, Username: &name, GroupName: &group})
	w.ok(err)
}

func (w *world) leave(name, group string) {
	w.Helper()
	_, err := w.api.AdminRemoveUserFromGroup(w.ctx, &cip.AdminRemoveUserFromGroupInput{UserPoolId: &w.options.Pool, Username: &name, GroupName: &group})
	w.ok(err)
}
