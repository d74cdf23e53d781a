package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/web"
)

// config is every knob of the portal. Each is an environment variable, a line of the file of settings, and unless it is
// a secret a flag: flags win over the environment, the environment over the file, the file over the default. A variable
// with _FILE at its end names a file to read the value from. An empty value counts as not set.
//
// docs/configuration.md is made from the comments here and the table below ("make generate").
type config struct {
	// File is a file of settings: lines of NAME=value as below, comments with #, values in quotes if you like. It may
	// hold secrets, so let nobody else read it. On SIGHUP it is read again, and so are the files that the variables
	// with _FILE name. (-config, PORTAL_CONFIG)
	File string
	// PoolsDir is a folder with a file NAME.env for each of several pools, chosen by the host of its PORTAL_PUBLIC_URL: see
	// docs/pools.md. Such a file has all settings of its pool; those marked *for all pools* stand beside this one.
	// (-pools-dir, PORTAL_POOLS_DIR)
	PoolsDir string
	// Listen is the address that the portal listens on. (-listen, PORTAL_LISTEN)
	Listen string
	// PublicURL is where browsers reach the portal, for example https://mfa.example.com. It decides whether cookies
	// are Secure and which origin forms may come from; requests for another host are refused, so a proxy has to pass the
	// header Host on. Needed unless the portal listens on loopback.
	// (-public-url, PORTAL_PUBLIC_URL)
	PublicURL *url.URL
	// OtherHosts are names under which a proxy asks that cannot pass Host on, separated by commas; *.example.com is every
	// name with one label in the star's place. Pages are answered under them as under PublicURL's; links are made of that
	// one all the same, and forms may come from it alone. (PORTAL_OTHER_HOSTS)
	OtherHosts web.Hosts
	// SessionKeys encrypt the cookie that carries an enrollment, separated by commas. The first writes, every one reads,
	// so keys rotate without ending anyone's enrollment: put the new one last on every node, then first, and drop the old
	// one forty minutes later. Make one with "portal keys". Several nodes share them. Empty: one is made at start and a
	// warning logged; a restart then ends the enrollments in progress. (PORTAL_SESSION_KEYS)
	SessionKeys []session.Key
	// Store remembers what several nodes must agree on: sqlite:FILE for one machine, postgres://… or dynamodb:TABLE for
	// many, sqlite::memory: for nothing that outlives the process. A table is in AWS_REGION, unless it is named by its ARN
	// or AWS_ENDPOINT_URL_DYNAMODB says where it is. Empty: in memory in the demo, else sqlite:portal.db.
	// (-store, PORTAL_STORE)
	Store string
	// Returns are the places where people may go on when all is done: KEY|NAME|URL, separated by commas. The first is
	// the default; a link to the portal picks another with ?return_to=KEY. (PORTAL_RETURN_TO)
	Returns []web.Return
	// APIKeys are the keys of other applications: NAME:HASH:SCOPES:RANK:LINKS, separated by commas. The scopes, with + between
	// them, are handoffs, invites, coverage and ledger; the rank at the help desk is agent, lead or admin. Without scopes
	// it is handoffs, without a rank agent. LINKS is how many links the key may make in an hour, 60 unless said; from half
	// of them on there is an alarm. Make one with "portal api-key NAME -scopes SCOPES". (PORTAL_API_KEYS)
	APIKeys []web.APIKey
	// SignIn is where people sign in: password (here), oauth (at Cognito's own pages, COGNITO_DOMAIN) or both. The app
	// client needs the callback URL PORTAL_PUBLIC_URL/sign-in/oauth/callback, the authorization code grant, and the
	// scopes openid and aws.cognito.signin.user.admin. (-sign-in, PORTAL_SIGN_IN)
	SignIn string
	// Domain is where Cognito's own pages are, https://PREFIX.auth.REGION.amazoncognito.com. (COGNITO_DOMAIN)
	Domain string
	// AdminListen is where operators look: /metrics for Prometheus, /healthz and /readyz. A port alone (9090) is on
	// loopback; visitors must never reach it, so name another address only where a firewall or the network of a cluster
	// stands before it. Empty: there is none. (-admin-listen, PORTAL_ADMIN_LISTEN)
	AdminListen string
	// TracesURL is the OpenTelemetry collector that traces go to, by OTLP over HTTP in JSON; the path /v1/traces is added.
	// Empty: a trace that a request brings along is logged and passed on, and nothing is exported.
	// (OTEL_EXPORTER_OTLP_ENDPOINT)
	TracesURL string
	// TracesHeaders are sent to the collector: NAME=value, separated by commas, values in percent encoding.
	// (OTEL_EXPORTER_OTLP_HEADERS)
	TracesHeaders map[string]string
	// ServiceName is what the portal is called in traces. (OTEL_SERVICE_NAME)
	ServiceName string
	// DrainDelay is how long a node that was told to stop goes on serving while /readyz says no, so that the load
	// balancer looks elsewhere first. The requests in flight then have 25 seconds more. Without a configured pool there
	// is no delay. (-drain-delay, PORTAL_DRAIN_DELAY)
	DrainDelay time.Duration
	// BrandDir is a folder with the organisation's name, logo, colours, apps and texts: see docs/brand.md. The demo reads
	// it again whenever it changes. The settings below win over it. (-brand-dir, PORTAL_BRAND_DIR)
	BrandDir string
	// Brand is the organisation's name, at the top of every page. Empty: that of PORTAL_BRAND_DIR, else Northwind, of
	// which the log warns. (-brand, PORTAL_BRAND)
	Brand string
	// Issuer is the name under which authenticator apps list the account. Empty: the brand. (-issuer, PORTAL_ISSUER)
	Issuer string
	// IssuerDomain is the host name of the site that people sign in to, under which Apple's Passwords files the account.
	// Empty: that of the first place in PORTAL_RETURN_TO, else the portal's own. (-issuer-domain, PORTAL_ISSUER_DOMAIN)
	IssuerDomain string
	// Support is the line at the foot of every page: whom to call. (-support, PORTAL_SUPPORT)
	Support string
	// Maintenance closes the portal: every page says that it is being worked on. (-maintenance, PORTAL_MAINTENANCE)
	Maintenance bool
	// PasswordPolicy repeats the pool's policy, which Cognito tells only to administrators: the least length, and
	// which of upper, lower, number and symbol are needed. (-password-policy, PORTAL_PASSWORD_POLICY)
	PasswordPolicy enroll.PasswordPolicy
	// TrustedProxies are the addresses of the proxies between browsers and the portal, such as 10.0.0.0/8,::1: whose word
	// on a browser's address counts (X-Forwarded-For). Empty: nobody's. The address is then the connection's; where
	// PublicURL is https, that is the proxy's for everybody, and limits for each network are off. With several proxies
	// in a row, name them all. (PORTAL_TRUSTED_PROXIES, separated by commas)
	TrustedProxies []netip.Prefix
	// LogLevel is debug, info, warn or error. (-log-level, PORTAL_LOG_LEVEL)
	LogLevel slog.Level

	// Region is the pool's AWS region. Empty: the beginning of the pool's id. (AWS_REGION)
	Region string
	// UserPoolID and ClientID are the pool and its app client. Without them the portal runs on an embedded pool with
	// demo accounts, on loopback only.
	// (COGNITO_USER_POOL_ID, COGNITO_CLIENT_ID)
	UserPoolID, ClientID string
	// ClientSecret is the app client's secret, if it has one. (COGNITO_CLIENT_SECRET)
	ClientSecret secret.Text
	// Endpoint is a Cognito-compatible service in Cognito's place. (AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER)
	Endpoint string
	// SessionValidity is the app client's AuthSessionValidity, 3 to 15 minutes: how long somebody has for each step of
	// a set-up that the pool insists on. Cognito does not tell it without IAM. Set both to 15.
	// (-session-validity, COGNITO_AUTH_SESSION_VALIDITY)
	SessionValidity time.Duration

	// AuthFlow is how passwords are proved to the pool; the app client must allow it. srp (ALLOW_USER_SRP_AUTH) never
	// sends the password; password is ALLOW_USER_PASSWORD_AUTH, choice ALLOW_USER_AUTH; auto begins with srp and falls
	// back to password once the app client refuses. (-auth-flow, COGNITO_AUTH_FLOW)
	AuthFlow cognito.AuthFlow
	// MFA repeats the pool's setting, on or optional, which Cognito tells only to administrators. With optional people
	// may switch their app off again; with on, an account that another application hands over is known to have an app
	// even where Cognito does not list it. Empty: not known. (-mfa, COGNITO_MFA)
	MFA string

	// QuotaSignIn and QuotaUpdates are how many calls each second the portal makes at most, all nodes together, for
	// signing in and for setting apps up: AWS's default quotas, which all applications of the AWS account share. Leave
	// the others their part. When more people come they wait in line. (COGNITO_QUOTA_SIGN_IN, COGNITO_QUOTA_UPDATES)
	QuotaSignIn, QuotaUpdates int
	// RevokeTokens ends the refresh token that a sign-in here produced when that sign-in is left: after a set-up, a trial
	// of the app, signing out or signing in again. The access token ends with it. Until then it is in the store, sealed. It
	// is one more call to the pool, of the quota for tokens (120 each second), made once the answer is on its way. Where
	// processes are frozen between requests (AWS Lambda) say wait: people then wait for it, some 50 ms. With false the
	// token is dropped unread, and ends by itself. The app client must have token revocation switched on, see "portal doctor".
	// The mail that tells an owner of a set-up with a link is sent beside the answer, too, and with wait before it.
	// (-revoke-tokens, PORTAL_REVOKE_TOKENS)
	RevokeTokens string

	// Desk is the help desk, see deskConfig.
	Desk deskConfig

	// Messages are mail and webhooks, see messageConfig.
	Messages messageConfig

	// DemoMFA is the embedded pool's MFA setting, on or optional: with optional, accounts without an app are let in
	// and set one up of their own accord. (-demo-mfa, PORTAL_DEMO_MFA)
	DemoMFA userpool.MFA
}

// demo reports whether the portal runs on the embedded pool.
func (c config) demo() bool { return c.UserPoolID == "" && c.ClientID == "" }

// undecided reports whether these settings are what several pools have in common, and name none of them.
func (c config) undecided() bool { return c.PoolsDir != "" && c.demo() }

// mfa is the pool's MFA setting as far as it is known.
func (c config) mfa() string {
	if c.demo() {
		return strings.ToLower(string(c.DemoMFA))
	}
	return c.MFA
}

// callbackURL is where Cognito's own pages send people back to.
func (c config) callbackURL() string {
	return c.PublicURL.JoinPath("sign-in", "oauth", "callback").String()
}

// secure reports whether browsers reach the portal by https.
func (c config) secure() bool { return c.PublicURL != nil && c.PublicURL.Scheme == "https" }

// oneNetwork reports whether people cannot be told apart by their address: they come by a proxy that was not named.
func (c config) oneNetwork() bool { return c.secure() && len(c.TrustedProxies) == 0 }

// trait says what else is true of a setting.
type trait uint8

const (
	reloads trait = 1 << iota // SIGHUP changes it without a restart
	forAll                    // one value for all pools, see PoolsDir
	ambient                   // AWS's own: what the environment has is for all pools that do not say otherwise
	hidden                    // a secret: never printed
	address                   // an address that may have a password in it, which is never printed
)

// setting is one knob: how it is called, what it is unless set, and how its text becomes a value.
type setting struct {
	flag, env, value string
	usage            string
	traits           trait
	set              func(*config, string) error
}

func settings() []setting {
	text := func(target func(*config) *string) func(*config, string) error {
		return func(c *config, value string) error {
			*target(c) = strings.TrimSpace(value)
			return nil
		}
	}
	return []setting{
		{"config", "PORTAL_CONFIG", "", "file of settings, NAME=value", forAll, text(func(c *config) *string { return &c.File })},
		{"pools-dir", "PORTAL_POOLS_DIR", "", "folder with a file of settings for each of several pools", forAll, text(func(c *config) *string { return &c.PoolsDir })},
		{"listen", "PORTAL_LISTEN", "127.0.0.1:8080", "address to listen on", forAll, text(func(c *config) *string { return &c.Listen })},
		{"public-url", "PORTAL_PUBLIC_URL", "", "where browsers reach the portal", 0, (*config).setPublicURL},
		{"", "PORTAL_OTHER_HOSTS", "", "", 0, (*config).setOtherHosts},
		{"", "PORTAL_SESSION_KEYS", "", "", reloads | hidden, (*config).setSessionKeys},
		{"store", "PORTAL_STORE", "", "where to remember things: sqlite:FILE, postgres://… or dynamodb:TABLE", address, text(func(c *config) *string { return &c.Store })},
		{"", "PORTAL_RETURN_TO", "", "", reloads, (*config).setReturns},
		{"", "PORTAL_API_KEYS", "", "", reloads | hidden, (*config).setAPIKeys},
		{"sign-in", "PORTAL_SIGN_IN", "password", "where people sign in: password, oauth or both", 0, func(c *config, value string) error { return oneOf(&c.SignIn, value, "password", "oauth", "both") }},
		{"", "COGNITO_DOMAIN", "", "", 0, (*config).setDomain},
		{"admin-listen", "PORTAL_ADMIN_LISTEN", "", "address of /metrics; a port alone is on loopback", forAll, (*config).setAdminListen},
		{"", "OTEL_EXPORTER_OTLP_ENDPOINT", "", "", forAll | address, (*config).setTracesURL},
		{"", "OTEL_EXPORTER_OTLP_HEADERS", "", "", forAll | hidden, (*config).setTracesHeaders},
		{"", "OTEL_SERVICE_NAME", "cognito-enroll", "", forAll, text(func(c *config) *string { return &c.ServiceName })},
		{"drain-delay", "PORTAL_DRAIN_DELAY", "5s", "how long a stopping node says so before it closes", forAll, (*config).setDrainDelay},
		{"brand-dir", "PORTAL_BRAND_DIR", "", "folder with name, logo, colours, apps and texts", reloads, text(func(c *config) *string { return &c.BrandDir })},
		{"brand", "PORTAL_BRAND", "", "the organisation's name", reloads, text(func(c *config) *string { return &c.Brand })},
		{"issuer", "PORTAL_ISSUER", "", "name that apps list the account under (default: the brand)", reloads, text(func(c *config) *string { return &c.Issuer })},
		{"issuer-domain", "PORTAL_ISSUER_DOMAIN", "", "site that people sign in to, for Apple's Passwords", reloads, text(func(c *config) *string { return &c.IssuerDomain })},
		{"support", "PORTAL_SUPPORT", "", "line at the foot of every page", reloads, text(func(c *config) *string { return &c.Support })},
		{"maintenance", "PORTAL_MAINTENANCE", "false", "close the portal: true or false", reloads, func(c *config, value string) error { return yesNo(&c.Maintenance, value) }},
		{"password-policy", "PORTAL_PASSWORD_POLICY", "8,upper,lower,number,symbol", "the pool's password policy", reloads, (*config).setPasswordPolicy},
		{"", "PORTAL_TRUSTED_PROXIES", "", "", forAll, (*config).setTrustedProxies},
		{"log-level", "PORTAL_LOG_LEVEL", "info", "debug, info, warn or error", forAll | reloads, func(c *config, value string) error { return c.LogLevel.UnmarshalText([]byte(value)) }},
		{"", "AWS_REGION", "", "", ambient, text(func(c *config) *string { return &c.Region })},
		{"", "COGNITO_USER_POOL_ID", "", "", 0, text(func(c *config) *string { return &c.UserPoolID })},
		{"", "COGNITO_CLIENT_ID", "", "", 0, text(func(c *config) *string { return &c.ClientID })},
		{"", "COGNITO_CLIENT_SECRET", "", "", hidden, func(c *config, value string) error { c.ClientSecret = secret.New(strings.TrimSpace(value)); return nil }},
		{"", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "", "", ambient, (*config).setEndpoint},
		{"session-validity", "COGNITO_AUTH_SESSION_VALIDITY", "3m", "the app client's AuthSessionValidity", 0, (*config).setSessionValidity},
		{"auth-flow", "COGNITO_AUTH_FLOW", "auto", "how passwords are proved: auto, srp, password or choice", 0, (*config).setAuthFlow},
		{"mfa", "COGNITO_MFA", "", "the pool's MFA setting: on or optional", 0, func(c *config, value string) error { return oneOf(&c.MFA, value, "", "on", "optional") }},
		{"", "COGNITO_QUOTA_SIGN_IN", "120", "", 0, func(c *config, value string) error { return quota(&c.QuotaSignIn, value) }},
		{"", "COGNITO_QUOTA_UPDATES", "25", "", 0, func(c *config, value string) error { return quota(&c.QuotaUpdates, value) }},
		{"revoke-tokens", "PORTAL_REVOKE_TOKENS", "true", "end a sign-in's tokens when it is left: true, wait or false", reloads, func(c *config, value string) error { return oneOf(&c.RevokeTokens, value, "true", "wait", "false") }},
		{"", "PORTAL_DESK_GROUPS", "", "", reloads, (*config).setDeskGroups},
		{"", "PORTAL_PRIVILEGED_GROUPS", "", "", reloads, (*config).setPrivilegedGroups},
		{"", "PORTAL_DESK_COOLDOWN", "0s", "", reloads, (*config).setDeskCooldown},
		{"desk-policy", "PORTAL_DESK_POLICY", "open", "when a set-up needs a link: open, ticket, auto or auto:DAYS", reloads, (*config).setDeskPolicy},
		{"", "PORTAL_LINK_LIFETIMES", "5m,1h,720h", "", reloads, (*config).setLinkLifetimes},
		{"", "PORTAL_LINK_PIECE", "spoken", "", reloads, (*config).setLinkPiece},
		{"", "PORTAL_LINK_KEY", "", "", reloads | hidden, (*config).setLinkKey},
		{"", "PORTAL_DEADLINES", "", "", reloads, (*config).setDeadlines},
		{"", "PORTAL_SMTP_URL", "", "", reloads | hidden, (*config).setSMTP},
		{"", "PORTAL_MAIL_FROM", "", "", reloads, (*config).setMailFrom},
		{"", "PORTAL_WEBHOOK_URL", "", "", hidden, (*config).setWebhookURL},
		{"", "PORTAL_WEBHOOK_SECRETS", "", "", hidden, (*config).setWebhookSecrets},
		{"demo-mfa", "PORTAL_DEMO_MFA", "on", "MFA of the embedded pool: on or optional", 0, (*config).setDemoMFA},
	}
}

// complete fills in what follows from the rest, and checks what belongs together.
func (c *config) complete() []error {
	var faults []error
	if c.Store == "" && !c.undecided() {
		c.Store = "sqlite:portal.db"
		if c.demo() {
			c.Store = "sqlite::memory:"
		}
	}
	if c.SignIn != "password" && (c.Domain == "" || c.PublicURL == nil) {
		faults = append(faults, errors.New("PORTAL_SIGN_IN: signing in at Cognito's pages needs COGNITO_DOMAIN and PORTAL_PUBLIC_URL"))
	}
	if c.undecided() {
		return faults
	}
	faults = append(faults, c.completeDesk()...)
	faults = append(faults, c.completeMessages()...)
	local := isLoopback(c.Listen)
	switch {
	case c.demo():
		if !local {
			faults = append(faults, fmt.Errorf("PORTAL_LISTEN: the demo listens on loopback only, not on %s: set COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID, or listen on 127.0.0.1:8080", c.Listen))
		}
		if c.PublicURL != nil && !isLoopback(c.PublicURL.Host) {
			faults = append(faults, errors.New("PORTAL_PUBLIC_URL: the demo has no public address: set COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID, or unset this"))
		}
		return faults
	case c.UserPoolID == "":
		faults = append(faults, errors.New("COGNITO_USER_POOL_ID: needed beside COGNITO_CLIENT_ID"))
	case c.ClientID == "":
		faults = append(faults, errors.New("COGNITO_CLIENT_ID: needed beside COGNITO_USER_POOL_ID"))
	}
	if region, _, found := strings.Cut(c.UserPoolID, "_"); found && c.Region == "" {
		c.Region = region
	}
	if c.Region == "" {
		faults = append(faults, errors.New("AWS_REGION: cannot be told from COGNITO_USER_POOL_ID, which should look like eu-central-1_AbCdEf123: set it"))
	}
	if c.PublicURL == nil && !local {
		faults = append(faults, fmt.Errorf("PORTAL_PUBLIC_URL: needed when listening on %s: set it to the https address that browsers use", c.Listen))
	}
	if c.PublicURL != nil && c.PublicURL.Scheme == "http" && !isLoopback(c.PublicURL.Host) {
		faults = append(faults, errors.New("PORTAL_PUBLIC_URL: must be https: passwords pass over it"))
	}
	return faults
}
