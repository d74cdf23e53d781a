package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/i18n"
	"cognito-enroll/internal/qr"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/trace"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/internal/webhook"
	"cognito-enroll/static"
	"cognito-enroll/views"
	"cognito-enroll/web"
)

const usage = `Usage: portal [command]

  serve      serve the pages (the default); "portal serve -h" lists the flags
  config     print the settings in force and where each comes from, without the secrets
  doctor     try the configured pool and say what to mend; "portal doctor -h" explains
  invite ACCOUNT
             make a help-desk link for an account; "portal invite -h" lists the flags
  ledger     say who has set up, by group; -csv lists accounts, -sweep asks the pool first
  audit export|verify
             write the audit trail as JSON lines, or check its chain
  keys       make a key for PORTAL_SESSION_KEYS or PORTAL_LINK_KEY
  api-key NAME [-scopes SCOPE+SCOPE] [-rank RANK]
             make a key for another application; without scopes it hands its users over
  webhook-secret
             make a secret for PORTAL_WEBHOOK_SECRETS
  code KEY   print the present code of an authenticator key
  healthcheck
             ask the portal on this machine whether it serves: for containers without a shell
  version    print the version
`

// run is the whole program.
func run(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	command := "serve"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		command, args = args[0], args[1:]
	}
	switch command {
	case "serve":
		return serve(ctx, args, lookupEnv, stdout, stderr)
	case "config":
		return printConfig(args, lookupEnv, stdout, stderr)
	case "healthcheck":
		return checkHealth(ctx, args, lookupEnv, stderr)
	case "doctor":
		return examine(ctx, args, lookupEnv, stdout, stderr)
	case "invite":
		return invite(ctx, args, lookupEnv, stdout, stderr)
	case "ledger":
		return ledger(ctx, args, lookupEnv, stdout, stderr)
	case "audit":
		return audit(ctx, args, lookupEnv, stdout, stderr)
	case "webhook-secret":
		return printWebhookSecret(stdout)
	case "keys":
		return printKey(stdout)
	case "api-key":
		return printAPIKey(args, stdout, stderr)
	case "code":
		return printCode(args, stdout)
	case "version":
		return printVersion(stdout)
	}
	if command == "help" {
		_, err := io.WriteString(stdout, usage)
		return err
	}
	_, _ = io.WriteString(stderr, usage)
	return fmt.Errorf("unknown command %q", command)
}

// sessionAge is how long a cookie is accepted after it was written: longer than anything can be done in an enrollment,
// so that somebody whose time ran out is still told which entry to delete (see enroll.Flow.Over).
const sessionAge = 40 * time.Minute

// pendingAge is how long somebody may take at Cognito's own pages.
const pendingAge = 10 * time.Minute

// deviceAge is how long a browser is known after it signed in, and placeAge how long a place in the line is kept.
const (
	deviceAge = 365 * 24 * time.Hour
	placeAge  = 4 * time.Hour
)

// watchEvery is how often the demo looks at the brand's folder.
const watchEvery = time.Second

// remembered is how many QR codes are kept drawn: people who have the set-up page open at one moment.
const remembered = 1024

// node is what lives as long as the process: what is made of the settings that SIGHUP changes is replaced (reload.go).
type node struct {
	log                  *slog.Logger
	level                *slog.LevelVar
	publicURL            *url.URL // as configured, or where we listen
	mfa                  string   // the pool's setting, as far as it is known
	userPoolID, clientID string   // the embedded pool's are in no setting
	pool                 *cognito.Client
	oauth                *cognito.OAuth
	directory            *cognito.Directory
	hooks                *webhook.Sender // nil: nobody is told
	demo                 []views.DemoAccount
	keys                 []session.Key // made at start, for want of configured ones
	memory               *store.Store
	limits               limits
	drawer               *qr.Drawer
	assets               *static.Assets
	languages            *i18n.Languages
	notify               notifier
	observing            observing
	draining             atomic.Bool
	portal               atomic.Pointer[web.Server]
}

// ServeHTTP answers a request by the settings in force when it came.
func (n *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if n.draining.Load() {
		w.Header().Set("Connection", "close") // clients come back on another node
	}
	n.portal.Load().ServeHTTP(w, r)
}

// serve wires everything and serves until ctx ends.
func serve(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	read := func() (texts, []error, error) { return gather(args, lookupEnv, stderr) }
	all, faults, err := read()
	if err != nil {
		return err
	}
	cfg, wrong := all.config()
	if err := errors.Join(append(faults, wrong...)...); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() { _ = listener.Close() }() // the server has closed it, if it got that far
	n, err := newNode(ctx, &cfg, listener.Addr(), stdout, stderr)
	if err != nil {
		return err
	}
	defer func() { _ = n.memory.Close() }() // every answer given is on disk already
	portal, err := n.build(cfg)             //nolint:contextcheck // handlers go by their request's context
	if err != nil {
		return err
	}
	n.portal.Store(portal)
	if err := n.serveAdmin(ctx, cfg.AdminListen); err != nil {
		return err
	}
	defer n.observing.export(ctx)()
	go purge(ctx, n.memory, func(err error) { n.log.ErrorContext(ctx, "store", "error", err) })
	if n.hooks != nil {
		go n.hooks.Run(ctx)
	}
	n.reloadOnSignal(ctx, all, read)
	if n.demo != nil && cfg.BrandDir != "" {
		go watchFolder(ctx, cfg.BrandDir, watchEvery, func() { n.reload(ctx, all, read) })
	}
	printWelcome(stdout, listener.Addr(), cfg, n.demo)
	socket, _ := lookupEnv("NOTIFY_SOCKET")
	n.notify = notifier(socket)
	if err := n.notify.tell(ctx, "READY=1"); err != nil {
		return err
	}
	if n.demo != nil {
		cfg.DrainDelay = 0
	}
	return n.serveHTTP(ctx, limitConnections(listener, cfg), cfg.DrainDelay)
}

// newNode makes what no reload changes. It fills in cfg's pool when that is the embedded one.
func newNode(ctx context.Context, cfg *config, listening net.Addr, stdout, stderr io.Writer) (*node, error) {
	n := &node{level: new(slog.LevelVar), publicURL: cfg.PublicURL, mfa: cfg.mfa(), drawer: qr.NewDrawer(remembered)}
	n.level.Set(cfg.LogLevel)
	n.log = slog.New(trace.LogHandler(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: n.level})))
	n.observing = newObserving(*cfg, n.log)
	if n.publicURL == nil { // on loopback: wherever we listen
		n.publicURL = &url.URL{Scheme: "http", Host: listening.String()}
	}
	cfg.PublicURL = n.publicURL
	clock := cognito.NewClock(time.Now)
	var err error
	if n.memory, err = store.Open(ctx, cfg.Store, store.Options{Now: clock.Now, Metrics: n.observing.metrics, Clock: time.Now}); err != nil {
		return nil, fmt.Errorf("PORTAL_STORE: %w", err)
	}
	n.limits = newLimits(*cfg, n.memory, clock.Now, n.log)
	if n.pool, n.oauth, n.directory, n.demo, err = openPool(ctx, cfg, n.observing, clock, n.limits.budget, stdout); err != nil {
		return nil, err
	}
	n.userPoolID, n.clientID = cfg.UserPoolID, cfg.ClientID
	if len(cfg.SessionKeys) == 0 {
		n.keys = []session.Key{session.NewKey()}
		if n.demo == nil {
			n.log.WarnContext(ctx, "no PORTAL_SESSION_KEYS: made one for this run; a restart ends the enrollments in progress")
		}
	}
	if n.assets, err = static.New(); err != nil {
		return nil, err
	}
	if n.languages, err = i18n.New(); err != nil {
		return nil, err
	}
	if cfg.oneNetwork() {
		n.log.WarnContext(ctx, "no PORTAL_TRUSTED_PROXIES: behind a proxy everybody seems to come from one place, so limits for each network are off")
	}
	if n.hooks, err = newHooks(*cfg, n.memory, n.log, n.pool.Now); err != nil {
		return nil, errors.Join(err, n.memory.Close())
	}
	return n, nil
}

// build makes the portal of these settings.
func (n *node) build(cfg config) (*web.Server, error) {
	pool := n.pool
	keys := cfg.SessionKeys
	if len(keys) == 0 {
		keys = n.keys
	}
	sealing := session.Options{Name: "enroll", Keys: keys, Context: cfg.UserPoolID, Secure: cfg.secure(), MaxAge: sessionAge, Now: pool.Now}
	sessions, err := session.New(sealing)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
	}
	sealing.Name = "handoff"
	handoffs, err := session.NewSealer(sealing)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
	}
	sealing.Name = "swap"
	swaps, err := session.NewSealer(sealing)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
	}
	sealing.Name, sealing.MaxAge = "dev", deviceAge
	devices, err := session.New(sealing)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
	}
	sealing.Name, sealing.MaxAge = "line", placeAge
	places, err := session.New(sealing)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
	}
	var pending *session.Store
	if cfg.SignIn != "password" {
		sealing.Name, sealing.MaxAge = "oidc", pendingAge
		if pending, err = session.New(sealing); err != nil {
			return nil, fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
		}
	}
	look, err := loadBrand(cfg, n.languages)
	if err != nil {
		return nil, err
	}
	notifier, err := newNotifier(cfg, look, pool.Now)
	if err != nil {
		return nil, err
	}
	desk, err := openDesk(cfg, deskParts{
		keys: keys, directory: n.directory, store: n.memory, notifier: notifier, hooks: n.hooks, languages: n.languages,
		required: n.mfa == "on", log: n.log, now: pool.Now,
	})
	if err != nil {
		return nil, err
	}
	agents, err := deskSessions(cfg, desk, keys, pool.Now)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
	}
	portal, err := web.New(web.Options{
		Enroll: enroll.New(enroll.Options{
			Pool: pool, Desk: enrollmentDesk(desk), Policy: cfg.PasswordPolicy, Required: n.mfa == "on", Removable: n.mfa == "optional",
			Revoke: cfg.RevokeTokens, Now: pool.Now,
		}),
		Desk:            desk,
		DeskSessions:    agents,
		Policy:          cfg.PasswordPolicy,
		Sessions:        sessions,
		SessionAge:      sessionAge,
		Store:           pageStore{n.memory, cfg.UserPoolID},
		OAuth:           pageOAuth{n.oauth},
		OAuthPending:    pending,
		NoPasswords:     cfg.SignIn == "oauth",
		Devices:         devices,
		Places:          places,
		Guard:           n.limits.guard,
		Room:            n.limits.room,
		Proxies:         cfg.TrustedProxies,
		OneNetwork:      cfg.oneNetwork(),
		Handoffs:        handoffs,
		Swaps:           swaps,
		APIKeys:         cfg.APIKeys,
		Returns:         cfg.Returns,
		QR:              n.drawer,
		Assets:          n.assets,
		PublicURL:       cfg.PublicURL,
		Brand:           look,
		Maintenance:     cfg.Maintenance,
		Demo:            n.demo,
		SessionValidity: cfg.SessionValidity,
		Draining:        n.draining.Load,
		Log:             n.log,
		Metrics:         n.observing.metrics,
		Tracer:          n.observing.tracer(),
		Clock:           time.Now,
		Now:             pool.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	return portal, nil
}

// openPool makes the client of the configured pool, or of an embedded one with demo accounts, which it then
// configures; what verifies that pool's tokens, and the pool as its administrators see it.
func openPool(ctx context.Context, cfg *config, o observing, clock *cognito.Clock, budget cognito.Budget, stdout io.Writer) (*cognito.Client, *cognito.OAuth, *cognito.Directory, []views.DemoAccount, error) {
	var demo []views.DemoAccount
	tokens := &http.Client{Timeout: oauthTimeout} // for Cognito's token endpoint and keys
	var settings aws.Config
	if cfg.demo() {
		embedded, err := embeddedPool(*cfg, stdout)
		if err != nil {
			return nil, nil, nil, nil, err
		}
		info := embedded.Info()
		cfg.UserPoolID, cfg.ClientID, cfg.Region, cfg.Endpoint = info.UserPoolID, info.ClientID, info.Region, embeddedURL
		settings, demo = embeddedSettings(embedded), demoAccounts(info.Users)
		tokens = &http.Client{Transport: embedded.Transport()}
	} else {
		var err error
		if settings, err = awsSettings(ctx, *cfg); err != nil {
			return nil, nil, nil, nil, err
		}
	}
	opts := cognito.Options{
		AWS: settings, UserPoolID: cfg.UserPoolID, ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, Flow: cfg.AuthFlow,
		SessionValidity: cfg.SessionValidity, Clock: clock, Budget: budget, Now: time.Now, Metrics: o.metrics, Tracer: o.tracer(),
	}
	pool := cognito.New(opts)
	oauth := cognito.NewOAuth(ctx, cognito.OAuthOptions{
		Issuer: cfg.issuer(), Domain: cfg.Domain, RedirectURL: cfg.callbackURL(),
		UserPoolID: cfg.UserPoolID, ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, HTTPClient: tokens, Now: pool.Now, Metrics: o.metrics, Tracer: o.tracer(), Clock: time.Now,
	})
	return pool, oauth, cognito.NewDirectory(opts), demo, nil
}

// embeddedURL stands for the embedded pool. It is never looked up: the transport is in memory.
const embeddedURL = "http://embedded.invalid"

// oauthTimeout bounds a request to Cognito's token endpoint, or for its keys.
const oauthTimeout = 8 * time.Second

// awsSettings are the SDK's settings for the configured pool.
func awsSettings(ctx context.Context, cfg config) (aws.Config, error) {
	c, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(cfg.Region))
	if err != nil {
		return aws.Config{}, fmt.Errorf("AWS settings: %w", err)
	}
	if cfg.Endpoint != "" {
		c.BaseEndpoint = aws.String(cfg.Endpoint)
	}
	return c, nil
}

// embeddedPool makes the pool of the demo, with its accounts. What it would mail or text is printed.
func embeddedPool(cfg config, stdout io.Writer) (*userpool.Pool, error) {
	embedded, err := userpool.New(userpool.Options{
		MFA: cfg.DemoMFA, SessionValidity: cfg.SessionValidity, PreventUserExistenceErrors: true,
		OnMessage: func(m userpool.Message) {
			_, _ = fmt.Fprintf(stdout, "message to %s: your code is %s\n", m.Destination, m.Code)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("embedded pool: %w", err)
	}
	if err := embedded.Seed(); err != nil {
		return nil, fmt.Errorf("demo accounts: %w", err)
	}
	embedded.SetEndpoint(embeddedURL)
	return embedded, nil
}

// embeddedSettings are the SDK's settings for an embedded pool, its IAM credentials included.
func embeddedSettings(embedded *userpool.Pool) aws.Config {
	info := embedded.Info()
	return aws.Config{
		Region:       info.Region,
		BaseEndpoint: aws.String(embeddedURL),
		HTTPClient:   &http.Client{Transport: embedded.Transport()},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: info.AccessKeyID, SecretAccessKey: info.SecretAccessKey}, nil
		}),
	}
}
