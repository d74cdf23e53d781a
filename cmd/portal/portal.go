package main

// One pool's portal: how it is wired.

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/store"
	"cognito-enroll/internal/webhook"
	"cognito-enroll/views"
	"cognito-enroll/web"
)

// sessionAge is how long a cookie is accepted after it was written: longer than anything can be done in an enrollment,
// so that somebody whose time ran out is still told which entry to delete (see enroll.Flow.Over).
const sessionAge = 40 * time.Minute

// deviceAge is how long a browser is known after it signed in, and placeAge how long a place in the line is kept.
const (
	deviceAge = 365 * 24 * time.Hour
	placeAge  = 4 * time.Hour
)

// portal is one pool's part of a node: what is made of the settings that SIGHUP changes is replaced (reload.go).
type portal struct {
	*node
	name                 string // of one of several pools
	log                  *slog.Logger
	observing            observing
	publicURL            *url.URL // as configured, or where we listen
	otherHosts           web.Hosts
	mfa                  string // the pool's setting, as far as it is known
	userPoolID, clientID string // the embedded pool's are in no setting
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

// add makes the portal of these settings, what no reload changes of it first. It fills in cfg's pool when that is the
// embedded one.
func (n *node) add(ctx context.Context, name string, cfg *config, listening net.Addr, stdout io.Writer) error {
	p := &portal{node: n, name: name, log: n.log, observing: n.observing, publicURL: cfg.PublicURL, otherHosts: cfg.OtherHosts, mfa: cfg.mfa()}
	if name != "" {
		p.log, p.observing = n.log.With("pool", name), n.observing.of(name)
	}
	if p.publicURL == nil { // on loopback: wherever we listen
		p.publicURL = &url.URL{Scheme: "http", Host: listening.String()}
	}
	cfg.PublicURL = p.publicURL
	clock := cognito.NewClock(time.Now)
	var err error
	outbox := newOutbox(*cfg)
	if p.memory, err = openStore(ctx, *cfg, outbox, store.Options{Now: clock.Now, Metrics: p.observing.metrics, Clock: time.Now}); err != nil {
		return err
	}
	n.portals = append(n.portals, p) // whose store is closed from now on, whatever happens
	if !cfg.demo() {                 // whose pool is another each time
		if err := belong(ctx, p.memory, cfg.UserPoolID); err != nil {
			return err
		}
	}
	p.limits = newLimits(*cfg, p.memory, clock.Now, time.Now, p.log, p.observing.metrics)
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
	if cfg.Desk.on() && cfg.Desk.NameOpens {
		p.log.WarnContext(ctx, "PORTAL_LINK_PIECE=name: links for a first set-up open without spoken characters; whoever reads the mail needs only the password")
	}
	if p.hooks, err = newHooks(*cfg, outbox, p.memory, p.log, p.pool.Now); err != nil {
		return err
	}
	server, err := p.build(*cfg) //nolint:contextcheck // handlers go by their request's context
	if err != nil {
		return err
	}
	if server.Brand.Unnamed && p.demo == nil {
		p.log.WarnContext(ctx, "no PORTAL_BRAND: pages, and people's apps, have the name of an organisation that does not exist", "name", server.Brand.Name)
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
		required: p.mfa == "on", later: p.background.later(cfg.RevokeTokens), log: p.log, now: pool.Now,
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
		OtherHosts:      cfg.OtherHosts,
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
