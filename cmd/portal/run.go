package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/qr"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/static"
	"cognito-enroll/views"
	"cognito-enroll/web"
)

const usage = `Usage: portal [command]

  serve      serve the pages (the default); "portal serve -h" lists the flags
  doctor     try the configured pool and say what to mend; "portal doctor -h" explains
  keys       make a session key for PORTAL_SESSION_KEYS
  api-key NAME
             make a key for an application that hands its users over
  code KEY   print the present code of an authenticator key
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
	case "doctor":
		return examine(ctx, args, lookupEnv, stdout, stderr)
	case "keys":
		return printKey(stdout)
	case "api-key":
		return printAPIKey(args, stdout)
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

// Limits of the HTTP server: generous for a phone on a bad network, closed to those who hold connections for nothing.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	writeTimeout  = 30 * time.Second
	idleTimeout   = 60 * time.Second
	drainTimeout  = 25 * time.Second
	maxHeader     = 16 << 10
)

// sessionAge is how long a cookie is accepted after it was written: longer than anything can be done in an enrollment,
// so that somebody whose time ran out is still told which entry to delete (see enroll.Flow.Over).
const sessionAge = 40 * time.Minute

// pendingAge is how long somebody may take at Cognito's own pages.
const pendingAge = 10 * time.Minute

// watchEvery is how often the demo looks at the brand's folder.
const watchEvery = time.Second

// remembered is how many QR codes are kept drawn: people who have the set-up page open at one moment.
const remembered = 1024

// serve wires everything and serves until ctx ends.
func serve(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	cfg, err := readConfig(args, lookupEnv, stderr)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() { _ = listener.Close() }() // the server has closed it, if it got that far
	if cfg.PublicURL == nil {               // on loopback: wherever we listen
		cfg.PublicURL = &url.URL{Scheme: "http", Host: listener.Addr().String()}
	}
	mfa := cfg.mfa() // before openPool fills in the embedded pool's id
	pool, oauth, directory, demo, err := openPool(ctx, &cfg, stdout)
	if err != nil {
		return err
	}
	keys := cfg.SessionKeys
	if len(keys) == 0 {
		keys = []session.Key{session.NewKey()}
		if demo == nil {
			log.WarnContext(ctx, "no PORTAL_SESSION_KEYS: made one for this run; a restart ends the enrollments in progress")
		}
	}
	sealing := session.Options{Name: "enroll", Keys: keys, Context: cfg.UserPoolID, Secure: cfg.secure(), MaxAge: sessionAge, Now: pool.Now}
	sessions, err := session.New(sealing)
	if err != nil {
		return fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
	}
	sealing.Name = "handoff"
	handoffs, err := session.NewSealer(sealing)
	if err != nil {
		return fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
	}
	var pending *session.Store
	if cfg.SignIn != "password" {
		sealing.Name, sealing.MaxAge = "oidc", pendingAge
		if pending, err = session.New(sealing); err != nil {
			return fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
		}
	}
	assets, err := static.New()
	if err != nil {
		return err
	}
	look, err := openBrand(cfg)
	if err != nil {
		return err
	}
	memory, err := store.Open(ctx, cfg.Store, store.Options{Now: pool.Now})
	if err != nil {
		return fmt.Errorf("PORTAL_STORE: %w", err)
	}
	defer func() { _ = memory.Close() }() // every answer given is on disk already
	desk, err := openDesk(cfg, keys, directory, memory, mfa == "on", log, pool.Now)
	if err != nil {
		return err
	}
	agents, err := deskSessions(cfg, desk, keys, pool.Now)
	if err != nil {
		return fmt.Errorf("PORTAL_SESSION_KEYS: %w", err)
	}
	portal, err := web.New(web.Options{ //nolint:contextcheck // handlers go by their request's context
		Enroll:          enroll.New(enroll.Options{Pool: pool, Desk: enrollmentDesk(desk), Policy: cfg.PasswordPolicy, Required: mfa == "on", Removable: mfa == "optional", Now: pool.Now}),
		Desk:            desk,
		DeskSessions:    agents,
		Policy:          cfg.PasswordPolicy,
		Sessions:        sessions,
		SessionAge:      sessionAge,
		Store:           pageStore{memory, cfg.UserPoolID},
		OAuth:           pageOAuth{oauth},
		OAuthPending:    pending,
		NoPasswords:     cfg.SignIn == "oauth",
		Handoffs:        handoffs,
		APIKeys:         cfg.APIKeys,
		Returns:         cfg.Returns,
		QR:              qr.NewDrawer(remembered),
		Assets:          assets,
		PublicURL:       cfg.PublicURL,
		Brand:           look.current.Load,
		Maintenance:     cfg.Maintenance,
		Demo:            demo,
		SessionValidity: cfg.SessionValidity,
		Log:             log,
		Now:             pool.Now,
	})
	if err != nil {
		return fmt.Errorf("portal: %w", err)
	}

	if demo != nil && cfg.BrandDir != "" {
		go look.watch(ctx, watchEvery, log)
	}
	go purge(ctx, memory, func(err error) { log.ErrorContext(ctx, "store", "error", err) })
	printWelcome(stdout, listener.Addr(), cfg, demo)
	return serveHTTP(ctx, listener, portal, log)
}

// serveHTTP serves until ctx ends, then lets the requests in flight finish.
func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// openPool makes the client of the configured pool, or of an embedded one with demo accounts, which it then
// configures; what verifies that pool's tokens, and the pool as its administrators see it.
func openPool(ctx context.Context, cfg *config, stdout io.Writer) (*cognito.Client, *cognito.OAuth, *cognito.Directory, []views.DemoAccount, error) {
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
		SessionValidity: cfg.SessionValidity, Now: time.Now,
	}
	pool := cognito.New(opts)
	oauth := cognito.NewOAuth(ctx, cognito.OAuthOptions{
		Issuer: cfg.issuer(), Domain: cfg.Domain, RedirectURL: cfg.callbackURL(),
		UserPoolID: cfg.UserPoolID, ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, HTTPClient: tokens, Now: pool.Now,
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
