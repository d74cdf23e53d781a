package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/web"
)

// config is every knob of the portal. Each is a flag and an environment variable; the flag wins. Secrets are not
// flags, which other users of the machine can read: they come from the environment, or from the file that the
// variable with _FILE at its end names.
type config struct {
	// Listen is the address that the portal listens on. (-listen, PORTAL_LISTEN)
	Listen string
	// PublicURL is where browsers reach the portal, for example https://mfa.example.com. It decides whether cookies
	// are Secure and which origin forms may come from. Needed unless the portal listens on loopback.
	// (-public-url, PORTAL_PUBLIC_URL)
	PublicURL *url.URL
	// SessionKeys encrypt the cookie that carries an enrollment. The first writes, every one reads, so keys rotate
	// without ending anyone's enrollment: put the new one first, drop the old one half an hour later. Make one with
	// "portal keys". Several nodes share them. Empty: one is made at start and a warning logged; a restart then ends
	// the enrollments in progress. (PORTAL_SESSION_KEYS, separated by commas)
	SessionKeys []session.Key
	// Store remembers what several nodes must agree on: sqlite:FILE for one machine, postgres://… for many,
	// sqlite::memory: for nothing that outlives the process. Empty: in memory in the demo, else sqlite:portal.db.
	// (-store, PORTAL_STORE)
	Store string
	// Returns are the places where people may go on when all is done: KEY|NAME|URL, separated by commas. The first is
	// the default; a link to the portal picks another with ?return_to=KEY. (PORTAL_RETURN_TO)
	Returns []web.Return
	// APIKeys are the keys of applications that hand their users over: NAME:HASH, separated by commas. Make one with
	// "portal api-key NAME". (PORTAL_API_KEYS)
	APIKeys []web.APIKey
	// SignIn is where people sign in: password (here), oauth (at Cognito's own pages, COGNITO_DOMAIN) or both. The app
	// client needs the callback URL PORTAL_PUBLIC_URL/sign-in/oauth/callback, the authorization code grant, and the
	// scopes openid and aws.cognito.signin.user.admin. (-sign-in, PORTAL_SIGN_IN)
	SignIn string
	// Domain is where Cognito's own pages are, https://PREFIX.auth.REGION.amazoncognito.com. (COGNITO_DOMAIN)
	Domain string
	// BrandDir is a folder with the organisation's name, logo, colours, apps and texts: see docs/brand.md. The demo reads
	// it again whenever it changes. The settings below win over it. (-brand-dir, PORTAL_BRAND_DIR)
	BrandDir string
	// Brand is the organisation's name, at the top of every page. (-brand, PORTAL_BRAND)
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

	// Desk is the help desk, see deskConfig.
	Desk deskConfig

	// DemoMFA is the embedded pool's MFA setting, on or optional: with optional, accounts without an app are let in
	// and set one up of their own accord. (-demo-mfa, PORTAL_DEMO_MFA)
	DemoMFA userpool.MFA
}

// demo reports whether the portal runs on the embedded pool.
func (c config) demo() bool { return c.UserPoolID == "" && c.ClientID == "" }

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

// setting is one knob: how it is called, what it is unless set, and how its text becomes a value.
type setting struct {
	flag, env, value string
	usage            string
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
		{"listen", "PORTAL_LISTEN", "127.0.0.1:8080", "address to listen on", text(func(c *config) *string { return &c.Listen })},
		{"public-url", "PORTAL_PUBLIC_URL", "", "where browsers reach the portal", (*config).setPublicURL},
		{"", "PORTAL_SESSION_KEYS", "", "", (*config).setSessionKeys},
		{"store", "PORTAL_STORE", "", "where to remember things: sqlite:FILE or postgres://…", text(func(c *config) *string { return &c.Store })},
		{"", "PORTAL_RETURN_TO", "", "", (*config).setReturns},
		{"", "PORTAL_API_KEYS", "", "", (*config).setAPIKeys},
		{"sign-in", "PORTAL_SIGN_IN", "password", "where people sign in: password, oauth or both", func(c *config, value string) error { return oneOf(&c.SignIn, value, "password", "oauth", "both") }},
		{"", "COGNITO_DOMAIN", "", "", (*config).setDomain},
		{"brand-dir", "PORTAL_BRAND_DIR", "", "folder with name, logo, colours, apps and texts", text(func(c *config) *string { return &c.BrandDir })},
		{"brand", "PORTAL_BRAND", "", "the organisation's name", text(func(c *config) *string { return &c.Brand })},
		{"issuer", "PORTAL_ISSUER", "", "name that apps list the account under (default: the brand)", text(func(c *config) *string { return &c.Issuer })},
		{"issuer-domain", "PORTAL_ISSUER_DOMAIN", "", "site that people sign in to, for Apple's Passwords", text(func(c *config) *string { return &c.IssuerDomain })},
		{"support", "PORTAL_SUPPORT", "", "line at the foot of every page", text(func(c *config) *string { return &c.Support })},
		{"maintenance", "PORTAL_MAINTENANCE", "false", "close the portal: true or false", (*config).setMaintenance},
		{"password-policy", "PORTAL_PASSWORD_POLICY", "8,upper,lower,number,symbol", "the pool's password policy", (*config).setPasswordPolicy},
		{"log-level", "PORTAL_LOG_LEVEL", "info", "debug, info, warn or error", func(c *config, value string) error { return c.LogLevel.UnmarshalText([]byte(value)) }},
		{"", "AWS_REGION", "", "", text(func(c *config) *string { return &c.Region })},
		{"", "COGNITO_USER_POOL_ID", "", "", text(func(c *config) *string { return &c.UserPoolID })},
		{"", "COGNITO_CLIENT_ID", "", "", text(func(c *config) *string { return &c.ClientID })},
		{"", "COGNITO_CLIENT_SECRET", "", "", func(c *config, value string) error { c.ClientSecret = secret.New(strings.TrimSpace(value)); return nil }},
		{"", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "", "", (*config).setEndpoint},
		{"session-validity", "COGNITO_AUTH_SESSION_VALIDITY", "3m", "the app client's AuthSessionValidity", (*config).setSessionValidity},
		{"auth-flow", "COGNITO_AUTH_FLOW", "auto", "how passwords are proved: auto, srp, password or choice", (*config).setAuthFlow},
		{"mfa", "COGNITO_MFA", "", "the pool's MFA setting: on or optional", func(c *config, value string) error { return oneOf(&c.MFA, value, "", "on", "optional") }},
		{"", "PORTAL_DESK_GROUPS", "", "", (*config).setDeskGroups},
		{"", "PORTAL_PRIVILEGED_GROUPS", "", "", (*config).setPrivilegedGroups},
		{"", "PORTAL_DESK_COOLDOWN", "0s", "", (*config).setDeskCooldown},
		{"desk-policy", "PORTAL_DESK_POLICY", "open", "when a set-up needs a link: open, ticket, auto or auto:DAYS", (*config).setDeskPolicy},
		{"", "PORTAL_LINK_LIFETIMES", "5m,1h,720h", "", (*config).setLinkLifetimes},
		{"", "PORTAL_LINK_KEY", "", "", (*config).setLinkKey},
		{"demo-mfa", "PORTAL_DEMO_MFA", "on", "MFA of the embedded pool: on or optional", (*config).setDemoMFA},
	}
}

// readConfig reads flags and environment. Every fault is reported, each with its mend.
func readConfig(args []string, lookupEnv func(string) (string, bool), stderr io.Writer) (config, error) {
	flags := flag.NewFlagSet("portal serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	all := settings()
	given := map[string]*string{}
	for _, s := range all {
		if s.flag != "" {
			given[s.flag] = flags.String(s.flag, "", s.usage+" ("+s.env+")")
		}
	}
	if err := flags.Parse(args); err != nil {
		return config{}, fmt.Errorf("flags: %w", err)
	}
	var c config
	var faults []error
	if flags.NArg() > 0 {
		faults = append(faults, fmt.Errorf("unknown argument %q", flags.Arg(0)))
	}
	for _, s := range all {
		value, err := lookup(s.env, lookupEnv)
		if value == "" {
			value = s.value
		}
		name := s.env
		if s.flag != "" && *given[s.flag] != "" {
			value, name = *given[s.flag], "-"+s.flag
		}
		if err == nil {
			err = s.set(&c, value)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	return c, errors.Join(append(faults, c.complete()...)...)
}

// lookup reads a variable, or the file that the variable NAME_FILE names.
func lookup(name string, lookupEnv func(string) (string, bool)) (string, error) {
	if value, found := lookupEnv(name); found {
		return value, nil
	}
	path, found := lookupEnv(name + "_FILE")
	if !found {
		return "", nil
	}
	content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return "", fmt.Errorf("read the file that %s_FILE names: %w", name, err)
	}
	return strings.TrimSpace(string(content)), nil
}

// complete fills in what follows from the rest, and checks what belongs together.
func (c *config) complete() []error {
	var faults []error
	if c.Store == "" {
		c.Store = "sqlite:portal.db"
		if c.demo() {
			c.Store = "sqlite::memory:"
		}
	}
	if c.SignIn != "password" && (c.Domain == "" || c.PublicURL == nil) {
		faults = append(faults, errors.New("PORTAL_SIGN_IN: signing in at Cognito's pages needs COGNITO_DOMAIN and PORTAL_PUBLIC_URL"))
	}
	faults = append(faults, c.completeDesk()...)
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
