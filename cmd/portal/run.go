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

// deviceAge is how long a browser is known after it signed in, and placeAge how long a place in the line is kept.
const (
	deviceAge = 365 * 24 * time.Hour
	placeAge  = 4 * time.Hour
)

// watchEvery is how often the demo looks at the brand's folder.
const watchEvery = time.Second

// remembered is how many QR codes are kept drawn: people who have the set-up page open at one moment.
const remembered = 1024

// node is what lives as long as the process, and the portals that it serves: one, or one for each of several pools.
type node struct {
	log        *slog.Logger
	level      *slog.LevelVar
	observing  observing
	notify     notifier
	background background
	draining   atomic.Bool
	drawer     *qr.Drawer
	assets     *static.Assets
	languages  *i18n.Languages
	portals    []*portal
}

// portal is one pool's part of a node: what is made of the settings that SIGHUP changes is replaced (reload.go).
type portal struct {
	*node
	name                 string // of one of several pools
	log                  *slog.Logger
	observing            observing
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
	server               atomic.Pointer[web.Server]
}

// serve wires everything and serves until ctx ends.
func serve(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	read := func() ([]site, []error, error) {
		all, faults, err := gather(args, lookupEnv, stderr)
		sites, faults := gatherSites(all, faults)
		return sites, faults, err
	}
	sites, faults, err := read()
	if err != nil {
		return err
	}
	cfgs, wrong := configs(sites)
	if err := errors.Join(append(faults, wrong...)...); err != nil {
		return err
	}
	common := cfgs[0] // what is for the whole process is the same in all
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", common.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() { _ = listener.Close() }() // the server has closed it, if it got that far
	n, err := newNode(ctx, common, sites, stderr)
	if err != nil {
		return err
	}
	defer n.close()
	for i := range cfgs {
		if err := n.add(ctx, sites[i].name, &cfgs[i], listener.Addr(), stdout); err != nil {
			return sites[i].called(err)
		}
	}
	if err := n.serveAdmin(ctx, common.AdminListen); err != nil {
		return err
	}
	defer n.observing.export(ctx)()
	for _, each := range n.portals {
		each.work(ctx)
	}
	n.reloadOnSignal(ctx, sites, read)
	if n.portals[0].demo != nil {
		common.DrainDelay = 0
		if common.BrandDir != "" {
			go watchFolder(ctx, common.BrandDir, watchEvery, func() { n.reload(ctx, sites, read) })
		}
	}
	for i, each := range n.portals {
		printWelcome(stdout, listener.Addr(), cfgs[i], each.demo)
	}
	socket, _ := lookupEnv("NOTIFY_SOCKET")
	n.notify = notifier(socket)
	if err := n.notify.tell(ctx, "READY=1"); err != nil {
		return err
	}
	return n.serveHTTP(ctx, limitConnections(listener, common), common.DrainDelay)
}

// newNode makes what all portals of a process have in common.
func newNode(ctx context.Context, common config, sites []site, stderr io.Writer) (*node, error) {
	n := &node{level: new(slog.LevelVar), drawer: qr.NewDrawer(remembered)}
	n.level.Set(common.LogLevel)
	n.log = slog.New(trace.LogHandler(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: n.level})))
	if err := leaveNoCore(); err != nil { // a sandbox may not let us; what it leaves of a process is then its own affair
		n.log.WarnContext(ctx, "memory may be left in a core file", "error", err)
	}
	n.observing = newObserving(common, sites, n.log)
	n.background.log = n.log
	var err error
	if n.assets, err = static.New(); err != nil {
		return nil, err
	}
	if n.languages, err = i18n.New(); err != nil {
		return nil, err
	}
	return n, nil
}

// close closes the stores: every answer given is on disk already.
func (n *node) close() {
	for _, each := range n.portals {
		_ = each.memory.Close()
	}
}

// add makes the portal of these settings, what no reload changes of it first. It fills in cfg's pool when that is the
// embedded one.
func (n *node) add(ctx context.Context, name string, cfg *config, listening net.Addr, stdout io.Writer) error {
	p := &portal{node: n, name: name, log: n.log, observing: n.observing, publicURL: cfg.PublicURL, mfa: cfg.mfa()}
	if name != "" {
		p.log, p.observing = n.log.With("pool", name), n.observing.of(name)
	}
	if p.publicURL == nil { // on loopback: wherever we listen
		p.publicURL = &url.URL{Scheme: "http", Host: listening.String()}
	}
	cfg.PublicURL = p.publicURL
	clock := cognito.NewClock(time.Now)
	var err error
	if p.memory, err = openStore(ctx, *cfg, store.Options{Now: clock.Now, Metrics: p.observing.metrics, Clock: time.Now}); err != nil {
		return err
	}
	n.portals = append(n.portals, p) // whose store is closed from now on, whatever happens
	p.limits = newLimits(*cfg, p.memory, clock.Now, p.log, p.observing.metrics)
	if p.pool, p.oauth, p.directory, p.demo, err = openPool(ctx, cfg, p.observing, clock, p.limits.budget, stdout); err != nil {
		return err
	}
	p.userPoolID, p.clientID = cfg.UserPoolID, cfg.ClientID
	if len(cfg.SessionKeys) == 0 {
		p.keys = []session.Key{session.NewKey()}
		if p.demo == nil {
			p.log.WarnContext(ctx, "no PORTAL_SESSION_KEYS: made one for this run; a restart ends the enrollments in progress")
		}
	}
	if cfg.oneNetwork() {
		p.log.WarnContext(ctx, "no PORTAL_TRUSTED_PROXIES: behind a proxy everybody seems to come from one place, so limits for each network are off")
	}
	if p.hooks, err = newHooks(*cfg, p.memory, p.log, p.pool.Now); err != nil {
		return err
	}
	server, err := p.build(*cfg) //nolint:contextcheck // handlers go by their request's context
	if err != nil {
		return err
	}
	p.server.Store(server)
	return nil
}

// work does what goes on beside the requests, until ctx ends.
func (p *portal) work(ctx context.Context) {
	go purge(ctx, p.memory, func(err error) { p.log.ErrorContext(ctx, "store", "error", err) })
	if p.hooks != nil {
		go p.hooks.Run(ctx)
	}
}

// build makes the portal of these settings.
func (p *portal) build(cfg config) (*web.Server, error) {
	pool := p.pool
	keys := cfg.SessionKeys
	if len(keys) == 0 {
		keys = p.keys
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
	sealing.Name = "refresh"
	tokens, err := session.NewSealer(sealing)
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
		sealing.Name, sealing.MaxAge = "oidc", web.PendingFor
		if pending, err = session.New(sealing); err != nil {
			return nil, fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
		}
	}
	look, err := loadBrand(cfg, p.languages)
	if err != nil {
		return nil, err
	}
	notifier, err := newNotifier(cfg, look, pool.Now)
	if err != nil {
		return nil, err
	}
	desk, err := openDesk(cfg, deskParts{
		keys: keys, directory: p.directory, store: p.memory, notifier: notifier, hooks: p.hooks, languages: p.languages,
		required: p.mfa == "on", log: p.log, now: pool.Now,
	})
	if err != nil {
		return nil, err
	}
	agents, err := deskSessions(cfg, desk, keys, pool.Now)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
	}
	server, err := web.New(web.Options{
		Enroll: enroll.New(enroll.Options{
			Pool: pool, Desk: enrollmentDesk(desk), Policy: cfg.PasswordPolicy, Required: p.mfa == "on", Removable: p.mfa == "optional",
			Revoke: p.background.revoker(cfg.RevokeTokens), Vault: vault{p.memory, tokens}, Now: pool.Now,
		}),
		Desk:            desk,
		DeskSessions:    agents,
		Policy:          cfg.PasswordPolicy,
		Sessions:        sessions,
		SessionAge:      sessionAge,
		Store:           pageStore{p.memory, p.memory, cfg.UserPoolID},
		OAuth:           pageOAuth{p.oauth},
		OAuthPending:    pending,
		NoPasswords:     cfg.SignIn == "oauth",
		Devices:         devices,
		Places:          places,
		Guard:           p.limits.guard,
		Room:            p.limits.room,
		Proxies:         cfg.TrustedProxies,
		OneNetwork:      cfg.oneNetwork(),
		Handoffs:        handoffs,
		Swaps:           swaps,
		APIKeys:         cfg.APIKeys,
		Returns:         cfg.Returns,
		QR:              p.drawer,
		Assets:          p.assets,
		PublicURL:       cfg.PublicURL,
		Brand:           look,
		Maintenance:     cfg.Maintenance,
		Demo:            p.demo,
		SessionValidity: cfg.SessionValidity,
		Draining:        p.draining.Load,
		Log:             p.log,
		Metrics:         p.observing.metrics,
		Tracer:          p.observing.tracer(),
		Clock:           time.Now,
		Now:             pool.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	return server, nil
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
	c, err := awsDefaults(ctx, cfg)
	if cfg.Endpoint != "" {
		c.BaseEndpoint = aws.String(cfg.Endpoint)
	}
	return c, err
}

// awsDefaults are the SDK's settings for any service, in the pool's region.
func awsDefaults(ctx context.Context, cfg config) (aws.Config, error) {
	c, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(cfg.Region))
	if err != nil {
		return aws.Config{}, fmt.Errorf("AWS settings: %w", err)
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
